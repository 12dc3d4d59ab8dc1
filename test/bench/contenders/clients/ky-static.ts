import type { ClientContender } from "./client-contender.ts";
import { kyInstance, sendWith } from "./ky-base.ts";

export const kyStatic: ClientContender = {
  name: "static header",
  role: "floor",
  connect: (setting) => sendWith(kyInstance(setting, { authorization: `Bearer ${setting.held.accessToken}` })),
};
