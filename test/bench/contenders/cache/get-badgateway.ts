import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client";
import { nowhere, type CacheContender } from "./cache-contender.ts";

export const getBadgateway: CacheContender = {
  name: "@badgateway/oauth2-client: await getToken()",
  role: "peer",
  async prepare(held) {
    const wrapper = new OAuth2Fetch({
      client: new OAuth2Client({ clientId: "bench", tokenEndpoint: nowhere }),
      getStoredToken: () => ({ ...held }),
      getNewToken: () => null,
      scheduleRefresh: false,
    });
    await wrapper.getAccessToken();
    return async (times) => {
      let found = 0;
      for (let time = 0; time < times; time += 1) {
        if ((await wrapper.getToken()) !== undefined) found += 1;
      }
      return found;
    };
  },
};
