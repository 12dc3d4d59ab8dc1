import { attachBearer } from "@tokenflight/axios";
import { indexedDbStore, loginByRedirect } from "@tokenflight/browser";
import { createTokenCache, LoginRequiredError } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { bearer as kyBearer } from "@tokenflight/ky";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";
import axios from "axios";
import ky from "ky";

const { VITE_ISSUER, VITE_CLIENT_ID, VITE_API_ORIGIN } = import.meta.env;

const client = createOAuthClient({ issuer: VITE_ISSUER, clientId: VITE_CLIENT_ID, clientAuth: noClientAuth() });
const tokens = createTokenCache({ source: client.refreshToken(), store: indexedDbStore({ name: "my-app" }), key: "user" });
const login = loginByRedirect(client, {
  redirectUri: `${location.origin}/callback`,
  scope: "openid offline_access read",
  parameters: { prompt: "consent" },
});

// Whichever client your page has.
const send = bearer(tokens, { origins: VITE_API_ORIGIN })(fetch);
const byKy = ky.create({ prefix: VITE_API_ORIGIN }).extend(kyBearer(tokens));
const byAxios = axios.create({ baseURL: VITE_API_ORIGIN });
attachBearer(byAxios, tokens);

try {
  const finished = await login.finish();
  if (finished !== undefined) {
    await tokens.save(finished.tokenSet);
    history.replaceState(null, "", finished.from);
  }
} catch (error) {
  console.warn(error); // the user said no, or a server is away: the page goes on without a login
}
await show();

async function show(): Promise<void> {
  try {
    await tokens.reread();
    if (tokens.status().state !== "logged-out") {
      const answers = [await send(`${VITE_API_ORIGIN}/orders`), await byKy.get("orders"), await byAxios.get("/orders")];
      return draw(`The API answered ${answers.map(({ status }) => status).join(", ")}.`, "Log out", logOut);
    }
  } catch (error) {
    // Here a login turned out to be over. Everything else may go away by itself.
    if (!(error instanceof LoginRequiredError)) return draw(`That did not work. ${String(error)}`, "Try again", show);
  }
  draw("You are logged out.", "Log in", () => login.begin());
}

async function logOut(): Promise<void> {
  await tokens.forget({ revoke: true }).catch(console.warn); // where the server is away, the tokens are forgotten here all the same
  await show();
}

function draw(text: string, label: string, action: () => Promise<void>): void {
  const button = document.createElement("button");
  button.textContent = label;
  button.addEventListener("click", action);
  document.body.replaceChildren(text, button);
}
