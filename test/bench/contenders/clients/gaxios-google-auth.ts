import { OAuth2Client } from "google-auth-library";
import type { ClientContender } from "./client-contender.ts";
import { gaxiosOptions } from "./gaxios-base.ts";

/** Told to refresh on a refusal too, and no earlier than tokens of two seconds allow: its default is five minutes before the end. */
export const gaxiosGoogleAuth: ClientContender = {
  name: "google-auth-library",
  role: "peer",
  connect(setting) {
    const { held, tokenEndpoint, origin } = setting;
    const client = new OAuth2Client({
      clientId: "bench",
      clientSecret: "secret",
      endpoints: { oauth2TokenUrl: tokenEndpoint },
      transporterOptions: gaxiosOptions(setting),
      forceRefreshOnFailure: true,
      eagerRefreshThresholdMillis: 100,
    });
    client.setCredentials({ access_token: held.accessToken, refresh_token: held.refreshToken, expiry_date: held.expiresAt });
    return (path) => client.request({ url: `${origin}${path}` });
  },
};
