import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { Agent as HttpAgent, createServer, type ServerResponse } from "node:http";
import { createSecureServer } from "node:http2";
import { Agent as HttpsAgent, createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { format, inspect } from "node:util";
import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/got";
import got, { type ExtendOptions, type Got } from "got";
import { describe, expect, it } from "vitest";
import { findCanary } from "./canary.ts";
import { selfSigned } from "../setup/certificates.ts";
import { tally } from "./tally.ts";

const canary = "canary-in-the-token-of-got";
const canaries = tally("got", "results searched", "canaries found");

/**
 * The walk reaches whatever a print of any depth could show. Printed is only as far as somebody would: without a limit, `util.inspect`
 * writes hundreds of megabytes of an agent and its sockets.
 */
function expectNoCanary(name: string, value: unknown): void {
  const prints = { "console.log": format(value), "util.inspect": inspect(value, { depth: 4, showHidden: true }), JSON: printJson(value) };
  const leaks = [...findCanary(value, canary), ...Object.entries(prints).flatMap(([print, text]) => (text.includes(canary) ? print : []))];
  canaries.count(leaks.length);
  expect(leaks, name).toEqual([]);
}

function printJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}

/** What a server does with `/<fate>`. */
function answer(
  request: { url?: string | undefined; socket: { resetAndDestroy?(): void; destroy(): void } },
  response: ServerResponse,
): void {
  const fate = (request.url ?? "/").slice(1);
  if (fate === "hang") return;
  if (fate === "reset") return void request.socket.destroy();
  if (fate === "half") return void response.writeHead(200, { "content-length": "100" }).write("half", () => request.socket.destroy());
  const status = Number(fate);
  response.writeHead(status, status === 302 ? { location: "/302" } : { "content-type": "application/json" });
  response.end(status === 200 ? '{"fine":true}' : "no");
}

interface Site extends AsyncDisposable {
  readonly origin: string;
  readonly options: ExtendOptions;
}

async function startSite(secure: boolean, keepAlive: boolean, http2 = false): Promise<Site> {
  const server = http2
    ? createSecureServer(selfSigned(), answer as never)
    : secure
      ? createHttpsServer(selfSigned(), answer)
      : createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const agents = { http: new HttpAgent({ keepAlive }), https: new HttpsAgent({ keepAlive, rejectUnauthorized: false }) };
  return {
    origin: `http${secure ? "s" : ""}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    options: { ...(http2 ? { http2 } : { agent: agents }), https: { rejectUnauthorized: false }, retry: { limit: 0 } },
    async [Symbol.asyncDispose]() {
      agents.http.destroy();
      agents.https.destroy();
      if ("closeAllConnections" in server) server.closeAllConnections();
      server.close();
    },
  };
}

const tokens = createTokenCache({ source: async () => ({ access_token: canary, refresh_token: `${canary}-refresh`, expires_in: 600 }) });

/** Every way in which a call may end, and what its caller holds then. */
const ends: readonly [name: string, call: (client: Got, origin: string) => Promise<unknown>][] = [
  ["a response", async (client, origin) => client(`${origin}/200`)],
  ["a response to a POST", async (client, origin) => client.post(`${origin}/200`, { json: { order: "tea" } })],
  ["401", async (client, origin) => client(`${origin}/401`)],
  ["401 as a response", async (client, origin) => client(`${origin}/401`, { throwHttpErrors: false })],
  ["500", async (client, origin) => client(`${origin}/500`)],
  ["500 after retries", async (client, origin) => client(`${origin}/500`, { retry: { limit: 2, backoffLimit: 1, noise: 0 } })],
  ["too many redirects", async (client, origin) => client(`${origin}/302`, { maxRedirects: 2 })],
  ["a connection that is reset", async (client, origin) => client(`${origin}/reset`)],
  ["a response that breaks off", async (client, origin) => client(`${origin}/half`)],
  ["a timeout", async (client, origin) => client(`${origin}/hang`, { timeout: { request: 100 } })],
  ["a timeout of the response", async (client, origin) => client(`${origin}/hang`, { timeout: { response: 100 } })],
  ["an abort", async (client, origin) => client(`${origin}/hang`, { signal: AbortSignal.timeout(100) })],
  [
    "an abort before the connection is there",
    async (client, origin) => {
      const controller = new AbortController();
      const call = client(`${origin}/hang`, { signal: controller.signal });
      void call.on("request", () => controller.abort());
      return call;
    },
  ],
  ["no connection", async (client, origin) => client(`${origin.slice(0, origin.lastIndexOf(":"))}:1/200`)],
  ["a name that does not exist", async (client) => client("https://nowhere.invalid/200")],
  ["a body that is no JSON", async (client, origin) => client(`${origin}/200`, { responseType: "json", parseJson: () => JSON.parse("{") })],
  [
    "a hook that throws",
    async (client, origin) =>
      client(`${origin}/200`, {
        hooks: {
          afterResponse: [
            () => {
              throw new Error("a hook's");
            },
          ],
        },
      }),
  ],
  ["a stream that is refused", async (client, origin) => buffer(client.stream(`${origin}/401`))],
  ["a stream that breaks off", async (client, origin) => buffer(client.stream(`${origin}/half`))],
  [
    "a stream",
    async (client, origin) => {
      const stream = client.stream(`${origin}/200`);
      await buffer(stream);
      return [stream, stream.response];
    },
  ],
];

describe.each([
  ["HTTP/2", true, false, true],
  ["http", false, false],
  ["http with connections kept", false, true],
  ["https", true, false],
  ["https with connections kept", true, true],
])("%s", (_name, secure, keepAlive, http2?: boolean) => {
  it.each(ends)("%s: nothing that can be reached from it or is printed of it holds the token", async (name, call) => {
    await using site = await startSite(secure, keepAlive, http2);
    const held: unknown[] = [];
    const hold = (value: unknown): void => void held.push(value);
    const client = got.extend(
      site.options,
      bearer(tokens, { origins: [site.origin, `${site.origin.slice(0, site.origin.lastIndexOf(":"))}:1`, "https://nowhere.invalid"] }),
      {
        hooks: {
          init: [hold],
          beforeRequest: [hold],
          beforeRedirect: [hold],
          beforeRetry: [hold],
          beforeError: [
            (error) => {
              hold(error);
              return error;
            },
          ],
          afterResponse: [
            (response) => {
              hold(response);
              return response;
            },
          ],
        },
      },
    );

    const outcome = await call(client, site.origin).catch((error: unknown) => error);

    expectNoCanary(name, outcome);
    expectNoCanary(`${name}: what hooks saw`, held);
    expectNoCanary(`${name}: the instance`, client);
  });
});

it("got's diagnostics channels do not tell the token", async () => {
  await using site = await startSite(false, false);
  const names = [
    "got:request:create",
    "got:request:start",
    "got:response:start",
    "got:response:end",
    "got:request:retry",
    "got:request:error",
  ];
  const told: unknown[] = [];
  const listen = (message: unknown): void => void told.push(message);
  for (const name of names) subscribe(name, listen);
  const client = got.extend(site.options, bearer(tokens, { origins: site.origin }));

  await client(`${site.origin}/401`).catch(() => {});
  await client(`${site.origin}/200`);
  for (const name of names) unsubscribe(name, listen);

  expect(channel("got:request:start").hasSubscribers).toBe(false);
  expect(told.length).toBeGreaterThan(8);
  expectNoCanary("diagnostics", told);
});

it("an error of the token layer holds no secret", async () => {
  await using site = await startSite(false, false);
  const broken = createTokenCache({
    source: async () => {
      throw new Error("no more");
    },
  });
  await broken.save({ access_token: canary, refresh_token: canary, expires_at: 1 });

  const error = await got
    .extend(
      site.options,
      bearer(broken, { origins: site.origin }),
    )(`${site.origin}/200`)
    .catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN" });
  expectNoCanary("a token error", error);
});

it.each([
  ["http", false],
  ["https", true],
])(
  "%s: requests that waited for one connection of their agent leave no token in it, nor in what the agent kept",
  async (protocol, secure) => {
    await using site = await startSite(secure, true);
    const agent =
      protocol === "http"
        ? new HttpAgent({ keepAlive: true, maxSockets: 1 })
        : new HttpsAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    const client = got.extend(site.options, { agent: { [protocol]: agent } }, bearer(tokens, { origins: site.origin }));

    const responses = await Promise.all([1, 2, 3].map(() => client(`${site.origin}/200`)));

    expectNoCanary("the responses", responses);
    expectNoCanary("the agent", agent);
    agent.destroy();
  },
);

it("any header field of a scheme is hidden, not only Authorization", async () => {
  await using site = await startSite(false, true);
  const scheme = (): Record<string, string> => ({ "x-api-key": canary, cookie: `session=${canary}` });
  const client = got.extend(site.options, bearer(tokens, { origins: site.origin, scheme }));

  expectNoCanary("a response", await client(`${site.origin}/200`));
  expectNoCanary("an error", await client(`${site.origin}/500`).catch((error: unknown) => error));
});
