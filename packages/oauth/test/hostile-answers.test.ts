import { createGzip, gzipSync } from "node:zlib";
import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { createOAuthClient, clientSecretPost, type OAuthClient, type OAuthClientOptions } from "@tokenflight/oauth";
import { call, failureOf, tokenSetWith } from "./call.ts";
import { always, startOddServer } from "./odd-server.ts";

function clientOf(tokenEndpoint: string, options: Partial<OAuthClientOptions> = {}): OAuthClient {
  return createOAuthClient({ tokenEndpoint, clientId: "id", clientAuth: clientSecretPost("canary-secret"), ...options });
}

/** Writes the same for as long as somebody reads, and says how much that was. */
function endless(
  response: { write(chunk: Buffer): boolean; once(event: "drain", listener: () => void): unknown },
  ended: () => boolean,
): () => number {
  const chunk = Buffer.alloc(65_536, " ");
  let written = 0;
  const write = (): void => {
    while (!ended()) {
      written += chunk.length;
      if (!response.write(chunk)) {
        response.once("drain", write);
        return;
      }
    }
  };
  write();
  return () => written;
}

describe("reads at most 256 KB", () => {
  it.each([200, 400, 500])("of an endless answer %i, and lets go of the connection", async (status) => {
    let written: (() => number) | undefined;
    const server = await startOddServer((response) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.write('{"access_token":"a"');
      written = endless(response, () => response.destroyed);
    });
    const error = await failureOf(call(clientOf(server.tokenEndpoint).clientCredentials()));
    expect(error).toMatchObject({ name: "TokenRequestError", status, outcome: status === 400 ? "refused" : "unknown" });
    const said = status === 200 ? "answered 200, but the body is longer than 256 KB" : `answered ${status}.`;
    expect(error.message).toContain(said);
    await server.closed(0);
    // What fits in the buffers of two sockets comes on top.
    expect(written?.()).toBeLessThan(32 * 1024 * 1024);
  });

  it("of 200 MB with a Content-Length", async () => {
    const server = await startOddServer((response) => {
      response.writeHead(200, { "content-length": 200 * 1024 * 1024 });
      endless(response, () => response.destroyed);
    });
    expect(await failureOf(call(clientOf(server.tokenEndpoint).clientCredentials()))).toMatchObject({ outcome: "unknown", status: 200 });
    await server.closed(0);
  });

  it("of a gzip bomb, after decompression", async () => {
    const server = await startOddServer((response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
      const gzip = createGzip();
      gzip.pipe(response);
      endless(gzip, () => response.destroyed);
    });
    const before = process.memoryUsage().arrayBuffers;
    const error = await failureOf(call(clientOf(server.tokenEndpoint).clientCredentials()));
    expect(error.message).toContain("the body is longer than 256 KB");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    await server.closed(0);
  });

  it("but all of an answer just under that", async () => {
    const padding = "x".repeat(262_144 - JSON.stringify({ access_token: "a", padding: "" }).length);
    const fits = await startOddServer(always(200, { access_token: "a", padding }));
    expect((await call(clientOf(fits.tokenEndpoint).clientCredentials())).accessToken).toBe("a");
    const doesNot = await startOddServer(always(200, { access_token: "a", padding: `${padding}x` }));
    expect(await failureOf(call(clientOf(doesNot.tokenEndpoint).clientCredentials()))).toMatchObject({ outcome: "unknown", status: 200 });
  });
});

describe("ends within the timeout", () => {
  const timeout = 0.5;

  it("when nothing comes", async () => {
    const server = await startOddServer(() => {});
    const error = await failureOf(call(clientOf(server.tokenEndpoint, { timeout }).clientCredentials()));
    expect(error).toMatchObject({
      outcome: "unknown",
      status: undefined,
      message: expect.stringMatching(/was not answered within 500 ms/),
    });
    await server.closed(0);
  });

  it.each([
    [200, "unknown", "answered 200, but the body did not end in time"],
    [400, "refused", "answered 400."],
  ])("when %i comes with a byte now and then", async (status, outcome, said) => {
    const server = await startOddServer((response) => drip(response, status));
    const error = await failureOf(call(clientOf(server.tokenEndpoint, { timeout }).clientCredentials()));
    expect(error).toMatchObject({ outcome, status });
    expect(error.message).toContain(said);
    await server.closed(0);
  });

  it("when a fetch of one's own does not look at its signal", async () => {
    let late: ((response: Response) => void) | undefined;
    const fetch = (): Promise<Response> => new Promise((resolve) => (late = resolve));
    const error = await failureOf(call(clientOf("https://auth.example.com/", { timeout, fetch }).clientCredentials()));
    expect(error).toMatchObject({ outcome: "unknown" });
    const cancelled = new Promise((resolve) => late?.(new Response(new ReadableStream({ cancel: resolve }))));
    await cancelled;
  });

  it("when the client authentication does not settle, and sends nothing when it does", async () => {
    let settle: (() => void) | undefined;
    const sent: string[] = [];
    const fetch = async (url: string): Promise<Response> => (sent.push(url), new Response());
    const clientAuth = (): Promise<void> => new Promise((resolve) => (settle = resolve));
    const error = await failureOf(call(clientOf("https://auth.example.com/", { timeout, fetch, clientAuth }).clientCredentials()));
    expect(error).toMatchObject({ outcome: "not-sent" });
    settle?.();
    await new Promise(setImmediate);
    expect(sent).toEqual([]);
  });
});

describe("ends with the signal", () => {
  it("while waiting for the answer", async () => {
    const abort = new AbortController();
    const server = await startOddServer(() => abort.abort());
    const error = await failureOf(call(clientOf(server.tokenEndpoint).clientCredentials(), { signal: abort.signal }));
    expect(error).toMatchObject({
      name: "TokenRequestError",
      outcome: "unknown",
      message: expect.stringMatching(/was ended by its signal/),
    });
    await server.closed(0);
  });

  it("while reading the answer", async () => {
    const abort = new AbortController();
    const server = await startOddServer((response) => response.writeHead(200).write("{"));
    const fetch = async (url: string, init: RequestInit): Promise<Response> => {
      const response = await globalThis.fetch(url, init);
      setImmediate(() => abort.abort());
      return response;
    };
    const source = clientOf(server.tokenEndpoint, { fetch }).refreshToken();
    expect(await failureOf(call(source, { signal: abort.signal, previous: tokenSetWith("r1") }))).toMatchObject({
      outcome: "unknown",
      status: 200,
    });
    await server.closed(0);
  });

  it("between the answer and its body, and leaves no rejection behind", async () => {
    const abort = new AbortController();
    const body = new ReadableStream({ start: (controller) => controller.error(new Error("aborted")) });
    let looks = 0;
    const response = {
      status: 200,
      headers: new Headers(),
      get body() {
        looks += 1;
        if (looks === 2) abort.abort();
        return body;
      },
    };
    const source = clientOf("https://auth.example.com/", { fetch: async () => response as Response }).clientCredentials();
    expect(await failureOf(call(source, { signal: abort.signal }))).toMatchObject({ outcome: "unknown", status: 200 });
    expect(looks).toBe(2);
  });

  it("while the client authentication is at work", async () => {
    const abort = new AbortController();
    const server = await startOddServer(always(200, { access_token: "a" }));
    const clientAuth = async (): Promise<void> => abort.abort();
    const source = clientOf(server.tokenEndpoint, { clientAuth }).clientCredentials();
    expect(await failureOf(call(source, { signal: abort.signal }))).toMatchObject({ outcome: "not-sent" });
    expect(server.received).toEqual([]);
  });

  it("before anything is sent, also an exchange", async () => {
    const server = await startOddServer(always(200, { access_token: "a" }));
    const client = clientOf(server.tokenEndpoint);
    const signal = AbortSignal.abort();
    expect(await failureOf(call(client.clientCredentials(), { signal }))).toMatchObject({ outcome: "not-sent" });
    expect(await failureOf(client.exchangeCode({ code: "c", redirectUri: "https://app.example/", signal }))).toMatchObject({
      outcome: "not-sent",
    });
    expect(server.received).toEqual([]);
  });
});

it.each([301, 302, 303, 307, 308])("does not follow a redirect (%i)", async (status) => {
  const other = await startOddServer(always(200, { access_token: "stolen" }));
  const server = await startOddServer((response) => {
    response.writeHead(status, { location: `${other.origin}/oauth/token`, "content-type": "application/json" });
    response.end('{"access_token":"not a token answer"}');
  });
  const error = await failureOf(call(clientOf(server.tokenEndpoint).clientCredentials()));
  expect(error).toMatchObject({
    name: "TokenRequestError",
    outcome: "unknown",
    status,
    message: expect.stringContaining("a redirect, which is not followed"),
  });
  expect(server.received).toHaveLength(1);
  expect(other.received).toEqual([]);
});

it("makes typed errors of answers cut short", async () => {
  const cut = await startOddServer((response) => {
    response.writeHead(200, { "content-length": 1000 });
    response.write('{"access_token":"a"', () => response.destroy());
  });
  expect(await failureOf(call(clientOf(cut.tokenEndpoint).clientCredentials()))).toMatchObject({
    outcome: "unknown",
    status: 200,
    message: expect.stringContaining("the body was cut off"),
  });
  const compressed = gzipSync(JSON.stringify({ access_token: "a".repeat(1000) }));
  const broken = await startOddServer((response) => {
    response.writeHead(200, { "content-encoding": "gzip" });
    response.end(compressed.fill(0xff, 12));
  });
  expect(await failureOf(call(clientOf(broken.tokenEndpoint).clientCredentials()))).toMatchObject({ outcome: "unknown", status: 200 });
});

/** One byte every 10 ms, until the connection is closed. */
function drip(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "application/json" });
  const timer = setInterval(() => response.write(" "), 10);
  response.once("close", () => clearInterval(timer));
}
