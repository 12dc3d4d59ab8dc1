import { bearer } from "@tokenflight/got";
import { cacheWith } from "../tokenflight.ts";
import type { ClientContender } from "./client-contender.ts";
import { gotInstance, sendWith } from "./got-base.ts";

export const gotTokenflight: ClientContender = {
  name: "tokenflight",
  role: "ours",
  async connect(setting) {
    const tokens = await cacheWith(setting.held, setting.tokenEndpoint);
    return sendWith(gotInstance(setting).extend(bearer(tokens, { origins: setting.origin })), setting.origin);
  },
};
