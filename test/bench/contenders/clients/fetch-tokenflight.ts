import { bearer } from "@tokenflight/fetch";
import { cacheWith } from "../tokenflight.ts";
import type { ClientContender } from "./client-contender.ts";
import { fetchOf, sendWith } from "./fetch-base.ts";

export const fetchTokenflight: ClientContender = {
  name: "tokenflight",
  role: "ours",
  async connect(setting) {
    const tokens = await cacheWith(setting.held, setting.tokenEndpoint);
    return sendWith(bearer(tokens, { origins: setting.origin })(fetchOf(setting)), setting.origin);
  },
};
