import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client";
import type { SubjectContender } from "./subject-contender.ts";

export const subjectsBadgateway: SubjectContender = {
  name: "@badgateway/oauth2-client: a Map of OAuth2Fetch",
  role: "peer",
  async hold(count, keyOf, tokenOf) {
    const client = new OAuth2Client({ clientId: "bench", tokenEndpoint: "http://127.0.0.1:9/token" });
    const held = new Map<string, OAuth2Fetch>();
    for (let index = 0; index < count; index += 1) {
      const { accessToken, refreshToken, expiresAt } = tokenOf(index);
      const wrapper = new OAuth2Fetch({
        client,
        getStoredToken: () => ({ accessToken, refreshToken, expiresAt }),
        getNewToken: () => null,
        scheduleRefresh: false,
      });
      await wrapper.getAccessToken();
      held.set(keyOf(index), wrapper);
    }
    return {
      async readAll(keys) {
        let found = 0;
        for (const key of keys) if ((await held.get(key)?.getToken()) !== undefined) found += 1;
        return found;
      },
    };
  },
};
