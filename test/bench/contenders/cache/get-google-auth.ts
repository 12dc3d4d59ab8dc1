import { OAuth2Client } from "google-auth-library";
import type { CacheContender } from "./cache-contender.ts";

export const getGoogleAuth: CacheContender = {
  name: "google-auth-library: await getAccessToken()",
  role: "peer",
  prepare(held) {
    const client = new OAuth2Client({ clientId: "bench", clientSecret: "secret" });
    client.setCredentials({ access_token: held.accessToken, refresh_token: held.refreshToken, expiry_date: held.expiresAt });
    return async (times) => {
      let found = 0;
      for (let time = 0; time < times; time += 1) {
        if ((await client.getAccessToken()).token != null) found += 1;
      }
      return found;
    };
  },
};
