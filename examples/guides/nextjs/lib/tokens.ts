import { createTokenPool, LoginRequiredError } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { sqliteStore } from "@tokenflight/sqlite";
import { redirect } from "next/navigation";
import { after } from "next/server";
import { getSession } from "./session";

let made: ReturnType<typeof make> | undefined;

/** Made at the first request, because a build loads this file without the environment of the server. */
export const auth = () => (made ??= make());

function make() {
  const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", TOKENS = "tokens.db" } = process.env;
  const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
  const store = sqliteStore({ path: TOKENS });
  return { client, users: createTokenPool({ source: () => client.refreshToken(), store, keepAlive: after }) };
}

/** Calls the API for the user of this request's session. Without a login it sends the browser to one. */
export async function fetchAsUser(path: string, init?: RequestInit): Promise<Response> {
  const { API_ORIGIN = "" } = process.env;
  const { user } = await getSession();
  if (user === undefined) redirect("/login");
  const send = bearer(auth().users.for(user), { origins: API_ORIGIN })(fetch);
  const answer = await send(`${API_ORIGIN}${path}`, init).catch((error: unknown) => {
    if (error instanceof LoginRequiredError) return undefined;
    throw error;
  });
  if (answer === undefined || answer.status === 401) redirect("/login");
  return answer;
}
