import { AuthorizationCode, type AccessToken } from "simple-oauth2";
import type { ClientContender } from "./client-contender.ts";
import { fetchOf, readJson } from "./fetch-base.ts";

/** As its README has it: ask whether the token is over, refresh it if so, and go on. It does not look at answers. */
export const fetchSimpleOauth2: ClientContender = {
  name: "simple-oauth2",
  role: "peer",
  connect(setting) {
    const { tokenEndpoint, held, origin } = setting;
    const { pathname } = new URL(tokenEndpoint);
    const client = new AuthorizationCode({
      client: { id: "bench", secret: "secret" },
      auth: { tokenHost: origin, tokenPath: pathname },
    });
    let token: AccessToken = client.createToken({
      access_token: held.accessToken,
      refresh_token: held.refreshToken,
      expires_at: new Date(held.expiresAt),
    });
    const send = fetchOf(setting);
    return async (path) => {
      if (token.expired()) token = await token.refresh();
      return readJson(await send(`${origin}${path}`, { headers: { authorization: `Bearer ${String(token.token["access_token"])}` } }));
    };
  },
};
