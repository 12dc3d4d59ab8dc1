import type { ClientContender } from "./client-contender.ts";
import { fetchOf, sendWith } from "./fetch-base.ts";

export const fetchStatic: ClientContender = {
  name: "static header",
  role: "floor",
  connect: (setting) => sendWith(fetchOf(setting), setting.origin, { headers: { authorization: `Bearer ${setting.held.accessToken}` } }),
};
