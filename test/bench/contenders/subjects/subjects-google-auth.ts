import { gaxios, OAuth2Client } from "google-auth-library";
import type { SubjectContender } from "./subject-contender.ts";

export const subjectsGoogleAuth: SubjectContender = {
  name: "google-auth-library: a Map of OAuth2Client",
  role: "peer",
  async hold(count, keyOf, tokenOf) {
    const transporter = new gaxios.Gaxios();
    const held = new Map<string, OAuth2Client>();
    for (let index = 0; index < count; index += 1) {
      const { accessToken, refreshToken, expiresAt } = tokenOf(index);
      const client = new OAuth2Client({ clientId: "bench", clientSecret: "secret", transporter, useAuthRequestParameters: false });
      client.setCredentials({ access_token: accessToken, refresh_token: refreshToken, expiry_date: expiresAt });
      held.set(keyOf(index), client);
    }
    return {
      async readAll(keys) {
        let found = 0;
        for (const key of keys) if ((await held.get(key)?.getAccessToken())?.token != null) found += 1;
        return found;
      },
    };
  },
};
