import { connectTokens, indexedDbStore, loginByRedirect } from "@tokenflight/browser";
import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";

const { VITE_ISSUER, VITE_CLIENT_ID, VITE_API_ORIGIN } = import.meta.env;

const client = createOAuthClient({ issuer: VITE_ISSUER, clientId: VITE_CLIENT_ID, clientAuth: noClientAuth() });
// For a browser that runs no service worker: the same store, and so the same login.
const fallback = () => createTokenCache({ source: client.refreshToken(), store: indexedDbStore({ name: "my-shop" }), key: "user" });
const tokens = connectTokens({ worker: "/several-tabs-worker.js", fallback, client });
const login = loginByRedirect(tokens.client, {
  redirectUri: `${location.origin}/callback`,
  scope: "openid offline_access read",
  parameters: { prompt: "consent" },
});
const send = bearer(tokens, { origins: VITE_API_ORIGIN })(fetch);

try {
  const finished = await login.finish();
  if (finished !== undefined) history.replaceState(null, "", finished.from);
} catch (error) {
  console.warn(error); // the user said no, or a server is away: the page goes on without a login
}

// A login or a logout in another tab changes the status of this one. To ask for it costs nothing: it is in memory.
let shown = "";
setInterval(() => tokens.status().state === shown || look().catch(console.warn), 250);
await look().catch(console.warn);

async function look(): Promise<void> {
  await tokens.reread();
  const { state } = tokens.status();
  if (state === shown) return;
  shown = state;
  if (state === "logged-out") draw("You are logged out.", { "Log in": () => login.begin() });
  else draw("You are logged in.", { "Show orders": showOrders, "Log out": () => tokens.forget({ revoke: true }) });
}

async function showOrders(): Promise<void> {
  const { status } = await send(`${VITE_API_ORIGIN}/orders`);
  document.title = `The API answered ${status}.`;
}

function draw(text: string, actions: Readonly<Record<string, () => Promise<void>>>): void {
  const buttons = Object.entries(actions).map(([label, action]) => {
    const button = document.createElement("button");
    button.textContent = label;
    button.addEventListener("click", () => action().then(look).catch(console.warn));
    return button;
  });
  document.body.replaceChildren(text, ...buttons);
}
