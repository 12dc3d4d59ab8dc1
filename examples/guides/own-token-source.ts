import { createTokenCache, LoginRequiredError, TokenRequestError, wrapSource, type TokenSource } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { sqliteStore } from "@tokenflight/sqlite";

const { SESSIONS = "", API_ORIGIN = "", TICKET = "", TOKENS = "tokens.db" } = process.env;

/** Swaps a ticket, which works once, for a token and the next ticket. */
const source: TokenSource = async ({ previous, signal }) => {
  const ticket = previous?.refreshToken;
  if (ticket === undefined) throw new LoginRequiredError("Nobody has logged in.");
  const response = await fetch(`${SESSIONS}/renew`, { method: "POST", body: JSON.stringify({ ticket }), signal });
  const { status } = response;
  if (status === 403) throw new LoginRequiredError("The session is over.");
  if (status === 429) {
    const seconds = Number(response.headers.get("retry-after") ?? 30);
    throw new TokenRequestError("throttled", "The session server wants a pause.", { status, retryAfter: seconds * 1000 });
  }
  // A 400 says no. After a 500 nobody knows whether the ticket was used.
  if (!response.ok) throw new TokenRequestError(status < 500 ? "refused" : "unknown", `The session server answered ${status}.`, { status });
  const answer = (await response.json()) as { token: string; next: string; validUntil: string };
  return { access_token: answer.token, refresh_token: answer.next, expires_at: answer.validUntil };
};
source.identity = `${SESSIONS} my-app`; // whose tokens these are, in the store
source.requiresLogin = true; // without a ticket there is no token
source.spendsRefreshToken = true; // a ticket works once
source.revoke = async ({ refreshToken }) => {
  const { ok, status } = await fetch(`${SESSIONS}/end`, { method: "POST", body: JSON.stringify({ ticket: refreshToken }) });
  if (!ok) throw new TokenRequestError("refused", `The session server answered ${status}.`, { status });
};

/** The same source, which says why it is asked. */
const told = wrapSource(source, async (context, ask) => {
  console.log(`Renewing: ${context.reason}, ${context.urgency}.`);
  return ask(context);
});

const store = sqliteStore({ path: TOKENS });
const tokens = createTokenCache({ source: told, store, key: "alice", timeouts: { request: 5 } });
try {
  if (TICKET !== "") await tokens.seed({ refresh_token: TICKET });
  if (process.argv[2] === "logout") {
    await tokens.forget({ revoke: true });
    console.log("Logged out.");
  } else {
    const { status } = await bearer(tokens, { origins: API_ORIGIN })(fetch)(`${API_ORIGIN}/orders`);
    console.log(`The API answered ${status}.`);
  }
} catch (error) {
  if (!(error instanceof LoginRequiredError)) throw error;
  console.log(`Log in again: ${error.message}`);
} finally {
  // Also after an error: a swap that is under way is stored.
  await tokens.close();
  await store.close();
}
