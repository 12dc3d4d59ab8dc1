import { AuthorizationCode } from "simple-oauth2";
import type { CacheContender } from "./cache-contender.ts";

export const peekSimpleOauth2: CacheContender = {
  name: "simple-oauth2: expired()",
  role: "peer",
  prepare(held) {
    const client = new AuthorizationCode({ client: { id: "bench", secret: "secret" }, auth: { tokenHost: "http://127.0.0.1:9" } });
    const token = client.createToken({
      access_token: held.accessToken,
      refresh_token: held.refreshToken,
      expires_at: new Date(held.expiresAt),
    });
    return (times) => {
      let found = 0;
      for (let time = 0; time < times; time += 1) {
        if ((token.expired() ? undefined : token.token["access_token"]) !== undefined) found += 1;
      }
      return found;
    };
  },
};
