import type { ClientContender } from "./client-contender.ts";
import { dispatcherOf, sendWith } from "./undici-base.ts";

export const undiciStatic: ClientContender = {
  name: "static header",
  role: "floor",
  connect: (setting) => sendWith(dispatcherOf(setting), setting.origin, { authorization: `Bearer ${setting.held.accessToken}` }),
};
