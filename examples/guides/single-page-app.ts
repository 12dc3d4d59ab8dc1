import { attachBearer } from "@tokenflight/axios";
import { indexedDbStore, loginByRedirect } from "@tokenflight/browser";
import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { bearer as kyBearer } from "@tokenflight/ky";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";
import axios from "axios";
import ky from "ky";

const { VITE_ISSUER, VITE_CLIENT_ID, VITE_API_ORIGIN } = import.meta.env;

const client = createOAuthClient({ issuer: VITE_ISSUER, clientId: VITE_CLIENT_ID, clientAuth: noClientAuth() });
const tokens = createTokenCache({ source: client.refreshToken(), store: indexedDbStore({ name: "my-app" }), key: "user" });
const login = loginByRedirect(client, { redirectUri: `${location.origin}/callback`, scope: "openid read" });

// Whichever client your page has.
const send = bearer(tokens, { origins: VITE_API_ORIGIN })(fetch);
const byKy = ky.create({ prefix: VITE_API_ORIGIN }).extend(kyBearer(tokens));
const byAxios = axios.create({ baseURL: VITE_API_ORIGIN });
attachBearer(byAxios, tokens);

const finished = await login.finish();
if (finished !== undefined) {
  await tokens.save(finished.tokenSet);
  history.replaceState(null, "", finished.from);
}
await show();

async function show(): Promise<void> {
  await tokens.reread();
  if (tokens.status().state === "logged-out") return draw("You are logged out.", "Log in", () => login.begin());
  const answers = [await send(`${VITE_API_ORIGIN}/orders`), await byKy.get("orders"), await byAxios.get("/orders")];
  draw(`The API answered ${answers.map(({ status }) => status).join(", ")}.`, "Log out", async () => {
    await tokens.forget({ revoke: true });
    await show();
  });
}

function draw(text: string, label: string, action: () => Promise<void>): void {
  const button = document.createElement("button");
  button.textContent = label;
  button.addEventListener("click", action);
  document.body.replaceChildren(text, button);
}
