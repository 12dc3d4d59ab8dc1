import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { consoleObserver, createTokenCache, type AdapterEvent, type TokenEvent } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { clientSecretBasic, createOAuthClient, type OAuthEvent } from "@tokenflight/oauth";
import { Counter, Gauge, Histogram, register } from "prom-client";

const { ISSUER = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "", REFRESH_TOKEN = "" } = process.env;

const events = new Counter({
  name: "tokenflight_events_total",
  help: "What happened to tokens.",
  labelNames: ["type", "reason", "code"],
});
const seconds = new Histogram({
  name: "tokenflight_token_request_seconds",
  help: "How long token requests took.",
  buckets: [0.1, 0.3, 1, 3, 10],
});

const loggedIn = new Gauge({
  name: "tokenflight_logged_in",
  help: "1: a token can be had without a person. 0: somebody has to log in. NaN: nobody has looked yet.",
});
const end = new Gauge({ name: "tokenflight_token_expires_timestamp_seconds", help: "When the access token ends." });

/** A line for each event; give the lines to your logger. */
const log = consoleObserver((line) => console.error(line));

function observe(event: TokenEvent | AdapterEvent | OAuthEvent): void {
  const reason = "reason" in event ? event.reason : "";
  const code = "error" in event ? event.error.code : "";
  events.inc({ type: event.type, reason, code });
  if (event.type === "token-obtained") seconds.observe(event.duration / 1000);
  log(event);
}

const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET), observe });
const tokens = createTokenCache({ source: client.refreshToken(), observe });
await tokens.seed({ refresh_token: REFRESH_TOKEN });
const api = bearer(tokens, { origins: API_ORIGIN, observe })(fetch);

const server = createServer(async ({ url }, response) => {
  try {
    if (url === "/metrics") {
      const { state, expiresAt = Number.NaN } = tokens.status(); // from memory
      loggedIn.set({ "logged-in": 1, "logged-out": 0, unknown: Number.NaN }[state]);
      end.set(expiresAt / 1000);
      response.setHeader("content-type", register.contentType).end(await register.metrics());
      return;
    }
    const { status } = await api(`${API_ORIGIN}/orders`);
    response.end(`The API answered ${status}.\n`);
  } catch (error) {
    response.writeHead(502).end(`${String(error)}\n`);
  }
});
server.listen(0, "127.0.0.1", () => console.log(`Listening on port ${(server.address() as AddressInfo).port}`));
