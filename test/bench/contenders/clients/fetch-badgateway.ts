import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client";
import type { ClientContender } from "./client-contender.ts";
import { fetchOf, readJson } from "./fetch-base.ts";

export const fetchBadgateway: ClientContender = {
  name: "@badgateway/oauth2-client",
  role: "peer",
  connect(setting) {
    const { tokenEndpoint, held, origin } = setting;
    const client = new OAuth2Client({ clientId: "bench", clientSecret: "secret", tokenEndpoint, server: origin });
    const wrapper = new OAuth2Fetch({
      client,
      getStoredToken: () => ({ ...held }),
      getNewToken: () => null,
      scheduleRefresh: false,
    });
    const send = wrapper.mw();
    const next = fetchOf(setting);
    return async (path) => readJson(await send(new Request(`${origin}${path}`), next));
  },
};
