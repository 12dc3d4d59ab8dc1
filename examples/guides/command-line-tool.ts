import { createTokenCache, LoginRequiredError, TokenflightError, type TokenSet } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { createOAuthClient, LoginError, noClientAuth, sharedLogin } from "@tokenflight/oauth";
import { loopbackLogin } from "@tokenflight/oauth/node";
import { sqliteStore } from "@tokenflight/sqlite";

const { ISSUER = "", CLIENT_ID = "", API_ORIGIN = "", TOKENS = "~/.my-tool/tokens.db" } = process.env;

const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: noClientAuth() });
const store = sqliteStore({ path: TOKENS });
const tokens = createTokenCache({ source: client.refreshToken(), store, key: "me" });

try {
  if (process.argv[2] === "logout") {
    await tokens.forget({ revoke: true });
    console.log("Logged out.");
  } else {
    const api = bearer(tokens, { origins: API_ORIGIN })(fetch);
    await tokens.get().catch(logIn);
    let answer = await api(`${API_ORIGIN}/orders`);
    if (answer.status === 401) {
      await tokens.get().catch(logIn); // it rejects if the server has ended the login
      answer = await api(`${API_ORIGIN}/orders`);
    }
    console.log(`The API answered ${answer.status}.`);
  }
} catch (error) {
  if (!TokenflightError.is(error)) throw error;
  // A LoginError: the user said no, or took too long, and its `reason` says which. Any other: a server or the file cannot be had.
  console.error(error instanceof LoginError ? `Not logged in. ${error.message}` : error.message);
  process.exitCode = 1;
} finally {
  await store.close();
}

async function logIn(error: unknown): Promise<TokenSet> {
  if (!(error instanceof LoginRequiredError)) throw error;
  const options = { scope: "openid offline_access read", parameters: { prompt: "consent" } };
  const show = (url: string): void => console.log(`Log in at ${url}`);
  // It saves the tokens. Of several runs that begin at the same time, one opens a browser.
  return sharedLogin(store, "me", (signal) => loopbackLogin(client, { ...options, show, signal }), {
    tokens,
    waiting: () => console.log("Log in in the browser that another run has opened."),
  });
}
