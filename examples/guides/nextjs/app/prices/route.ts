import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { after } from "next/server";

export const runtime = "edge";

let made: typeof fetch | undefined;

/** The service's own tokens: there is no user and no refresh token, so each instance may have a token of its own. */
function make(): typeof fetch {
  const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "" } = process.env;
  const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
  const tokens = createTokenCache({ source: client.clientCredentials(), keepAlive: after });
  return bearer(tokens, { origins: API_ORIGIN })(fetch);
}

export async function GET(): Promise<Response> {
  made ??= make();
  const { status } = await made(`${process.env.API_ORIGIN}/prices`);
  return Response.json({ status });
}
