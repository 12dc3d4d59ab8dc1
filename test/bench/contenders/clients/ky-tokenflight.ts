import { bearer } from "@tokenflight/ky";
import { cacheWith } from "../tokenflight.ts";
import type { ClientContender } from "./client-contender.ts";
import { kyInstance, sendWith } from "./ky-base.ts";

export const kyTokenflight: ClientContender = {
  name: "tokenflight",
  role: "ours",
  connect: async (setting) => sendWith(kyInstance(setting).extend(bearer(await cacheWith(setting.held, setting.tokenEndpoint)))),
};
