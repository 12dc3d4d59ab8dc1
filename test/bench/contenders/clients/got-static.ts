import type { ClientContender } from "./client-contender.ts";
import { gotInstance, sendWith } from "./got-base.ts";

export const gotStatic: ClientContender = {
  name: "static header",
  role: "floor",
  connect: (setting) => sendWith(gotInstance(setting, { authorization: `Bearer ${setting.held.accessToken}` }), setting.origin),
};
