import { bearer } from "@tokenflight/undici";
import { cacheWith } from "../tokenflight.ts";
import type { ClientContender } from "./client-contender.ts";
import { dispatcherOf, sendWith } from "./undici-base.ts";

export const undiciTokenflight: ClientContender = {
  name: "tokenflight",
  role: "ours",
  async connect(setting) {
    const tokens = await cacheWith(setting.held, setting.tokenEndpoint);
    return sendWith(dispatcherOf(setting).compose(bearer(tokens, { origins: setting.origin })), setting.origin);
  },
};
