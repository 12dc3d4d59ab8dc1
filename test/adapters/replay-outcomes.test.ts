import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, refusedBy, type AdapterEvent, type BearerOptions, type TokenCache } from "@tokenflight/core";
import { bearer as bearerForFetch } from "@tokenflight/fetch";
import { bearer as bearerForGot } from "@tokenflight/got";
import { bearer as bearerForKy } from "@tokenflight/ky";
import { bearer as bearerForUndici } from "@tokenflight/undici";
import axios from "axios";
import got from "got";
import ky from "ky";
import { Agent, request } from "undici";
import { expect, it } from "vitest";
import { startLoopback } from "../servers/loopback.ts";

type Send = (tokens: TokenCache, origin: string, options: Pick<BearerOptions<never>, "observe"> & { origins: string }) => Promise<unknown>;

const withAxios =
  (adapter: "fetch" | "http"): Send =>
  (tokens, origin, options) => {
    const api = axios.create({ adapter });
    attachBearer(api, tokens, options);
    return api.get(origin);
  };

it.each<[name: string, send: Send]>([
  ["axios", withAxios("http")],
  ["axios with fetch", withAxios("fetch")],
  ["got", (tokens, origin, options) => got.extend({ retry: { limit: 0 } }, bearerForGot(tokens, options))(origin)],
  ["ky", (tokens, origin, options) => ky.create({ retry: 0 }).extend(bearerForKy(tokens, options))(origin)],
  ["fetch", (tokens, origin, options) => bearerForFetch(tokens, options)(fetch)(origin)],
  ["undici", (tokens, origin, options) => request(origin, { dispatcher: new Agent().compose(bearerForUndici(tokens, options)) })],
])("%s tells what the answer to a replay was about the token, whatever its status is about", async (_name, send) => {
  const outcomes: Record<string, unknown> = {};
  for (const answer of [200, 401, 404, 503, "none"] as const) {
    let count = 0;
    await using server = await startLoopback(() => ({ socket }, response) => {
      count += 1;
      if (count > 1 && answer === "none") return void socket.resetAndDestroy();
      response.writeHead(count === 1 ? 401 : (answer as number)).end();
    });
    const told: AdapterEvent[] = [];
    const tokens = createTokenCache({ source: async () => ({ access_token: `t${count}`, expires_in: 600 }) });
    await send(tokens, server.origin, { origins: server.origin, observe: (event) => void told.push(event) }).catch(() => {});
    outcomes[answer] = told.map((event) => ("outcome" in event ? event.outcome : event.type)).join();
  }
  expect(outcomes).toEqual({ 200: "accepted", 401: "refused", 404: "accepted", 503: "accepted", none: "failed" });
});

it.each(["http", "fetch"])(
  "axios with %s does so for a good status, too, that the caller's own validateStatus does not take",
  async (adapter) => {
    let asked = 0;
    await using server = await startLoopback(() => (_request, response) => {
      asked += 1;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(asked === 1 ? { error: "token_expired" } : {}));
    });
    const told: AdapterEvent[] = [];
    const tokens = createTokenCache({ source: async () => ({ access_token: `t${asked}`, expires_in: 600 }) });
    const api = axios.create({ adapter, validateStatus: (status) => status === 201 });
    const refused = refusedBy<{ error?: string }>(({ error }) => error === "token_expired");
    attachBearer(api, tokens, { origins: server.origin, refused, observe: (event) => void told.push(event) });
    await expect(api.get(server.origin)).rejects.toMatchObject({ name: "AxiosError", status: 200, code: "ERR_BAD_RESPONSE" });
    expect([asked, told]).toEqual([2, [{ type: "request-replayed", origin: server.origin, outcome: "accepted" }]]);
  },
);
