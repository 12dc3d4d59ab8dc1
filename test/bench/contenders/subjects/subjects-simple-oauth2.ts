import { AuthorizationCode, type AccessToken } from "simple-oauth2";
import type { SubjectContender } from "./subject-contender.ts";

export const subjectsSimpleOauth2: SubjectContender = {
  name: "simple-oauth2: a Map of AccessToken",
  role: "peer",
  async hold(count, keyOf, tokenOf) {
    const client = new AuthorizationCode({ client: { id: "bench", secret: "secret" }, auth: { tokenHost: "http://127.0.0.1:9" } });
    const held = new Map<string, AccessToken>();
    for (let index = 0; index < count; index += 1) {
      const { accessToken, refreshToken, expiresAt } = tokenOf(index);
      const fields = { access_token: accessToken, refresh_token: refreshToken, expires_at: new Date(expiresAt) };
      held.set(keyOf(index), client.createToken(fields));
    }
    return {
      readAll(keys) {
        let found = 0;
        for (const key of keys) if (held.get(key)?.expired() === false) found += 1;
        return found;
      },
    };
  },
};
