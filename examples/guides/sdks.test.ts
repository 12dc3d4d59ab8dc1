import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import { createTokenCache, memoryStore } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { beforeEach, expect, it, vi } from "vitest";
import { startAuthorizationServer, type AuthorizationServer } from "../../test/servers/authorization-server.ts";
import { startLoopback, type Loopback } from "../../test/servers/loopback.ts";
import { startGuide } from "../../test/setup/guide-program.ts";
import { Shop, ShopError, type ShopOptions } from "./sdk-author.ts";

let server: AuthorizationServer;
let api: Loopback;
/** The API's requests: their paths, and their tokens. */
let arrived: { url: string; token: string }[];

const answers: Readonly<Record<string, object>> = { "/user": { login: "octocat" }, "/models": { object: "list", data: [{ id: "small" }] } };

beforeEach(async () => {
  arrived = [];
  server = await startAuthorizationServer({ accessTokenLifetime: 600 });
  api = await startLoopback(() => async (request, response) => {
    const { url = "", headers } = request;
    const token = (headers.authorization ?? "").replace("Bearer ", "");
    arrived.push({ url, token });
    const body = await text(request);
    const status = url === "/broken/orders" ? 500 : server.isActive(token) ? 200 : 401;
    if (url === "/page/orders") return void response.end("<!doctype html>");
    if (url === "/cut/orders") return void response.writeHead(200, { "content-length": 9 }).write("{", () => response.destroy());
    const answer = answers[url] ?? { id: "1", ...(JSON.parse(body) as object) };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  return async () => {
    await api.close();
    await server.close();
  };
});

function options(more: ShopOptions = {}): ShopOptions {
  const { clientId, clientSecret } = server.client;
  return { baseUrl: api.origin, credentials: { issuer: server.issuer, clientId, clientSecret }, ...more };
}

it("an SDK and its users: each SDK has a token, and a secret that is wrong is an error with a code", async () => {
  const { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET } = server.client;
  const env = { ISSUER: server.issuer, API_ORIGIN: api.origin, CLIENT_ID, CLIENT_SECRET };
  expect(await startGuide("sdk-user", env).printed).toBe(`{ id: '1', item: 'tea' }
{ id: '1', item: 'coffee' }
{ login: 'octocat' }
[ { id: 'small' } ]
There is no access token. ERR_TOKEN_REQUEST_REFUSED
`);
  expect(arrived.map(({ url }) => url)).toEqual(["/orders", "/orders", "/user", "/models"]);
  expect(new Set(arrived.map(({ token }) => token)).size).toBe(2);
  expect(server.stats.tokensIssued).toBe(2);
});

it("a client sends a refused request once more, and is closed for good", async () => {
  const shop = new Shop(options());
  await shop.createOrder("tea");
  server.revokeAccessToken(arrived[0]?.token ?? "");
  expect(await Promise.all(["tea", "coffee"].map((item) => shop.createOrder(item)))).toEqual([
    { id: "1", item: "tea" },
    { id: "1", item: "coffee" },
  ]);
  expect(server.stats.tokensIssued).toBe(2);
  await shop.close();
  await expect(shop.createOrder("tea")).rejects.toMatchObject({ name: "ShopError", code: "ERR_CLOSED" });
});

it("an error says what happened, and holds neither token nor secret, however deep one looks", async () => {
  const shop = new Shop(options({ baseUrl: `${api.origin}/broken` }));
  const answered = await shop.createOrder("tea").catch((error: unknown) => error);
  expect(answered).toMatchObject({ message: "The shop answered 500.", status: 500, code: undefined });
  const stranger = new Shop(options({ credentials: { issuer: server.issuer, clientId: "nobody", clientSecret: "hush-hush" } }));
  const refused = await stranger.createOrder("tea").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ShopError);
  const nowhere = new Shop({ ...options(), fetch: () => Promise.reject(new TypeError("No network.")) });
  expect(await nowhere.createOrder("tea").catch((error: unknown) => error)).toMatchObject({ code: "ERR_TOKEN_REQUEST_NOT_SENT" });
  const shown = inspect([shop, answered, refused], { depth: Infinity, showHidden: true });
  for (const secret of [arrived[0]?.token ?? "", server.client.clientSecret, "hush-hush"]) expect(shown).not.toContain(secret);
});

it("whatever the API answers, a call rejects with an error of the SDK's", async () => {
  for (const path of ["/page", "/cut"]) {
    const shop = new Shop(options({ baseUrl: `${api.origin}${path}` }));
    const error = await shop.createOrder("tea").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ShopError);
    expect(error).toMatchObject({ status: 200, code: undefined });
  }
});

it("a caller's signal ends the caller's wait with its reason, and no other caller's", async () => {
  const shop = new Shop(options());
  const caller = new AbortController();
  const left = shop.createOrder("tea", { signal: caller.signal });
  const stays = shop.createOrder("coffee");
  caller.abort(new Error("No time."));
  await expect(left).rejects.toThrow("No time.");
  expect(await stays).toEqual({ id: "1", item: "coffee" });
});

it("a store that is given is shared: one token for two clients", async () => {
  const store = memoryStore();
  const first = new Shop(options({ store }));
  const second = new Shop(options({ store }));
  await Promise.all([first.createOrder("tea"), second.createOrder("tea")]);
  expect(server.stats.tokensIssued).toBe(1);
});

it("the global fetch counts as it is at the call, and a function that is given sends token requests, too", async () => {
  const asked = (given: typeof fetch) => vi.fn<(url: string | URL, init?: RequestInit) => Promise<Response>>(given);
  const [early, late] = [asked(fetch), asked(fetch)];
  const mine = new Shop(options({ fetch: early as typeof fetch }));
  await mine.createOrder("tea");
  expect(early.mock.calls.map(([url]) => new URL(String(url)).origin)).toEqual([server.issuer, server.issuer, api.origin]);

  const shop = new Shop(options());
  vi.stubGlobal("fetch", late);
  await shop.createOrder("tea").finally(() => vi.unstubAllGlobals());
  expect(late).toHaveBeenCalledTimes(3);
});

it("a fetch that has tokens already cannot have others around it", async () => {
  await using tokens = createTokenCache({ source: async () => ({ access_token: "mine" }) });
  const withToken = bearer(tokens, { origins: api.origin })(fetch);
  expect(() => new Shop(options({ fetch: withToken }))).toThrow("a fetch function without bearer tokens");
});
