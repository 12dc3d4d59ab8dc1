import { afterEach, beforeEach, expect, it } from "vitest";
import { jsonAnswer, sendAnswer } from "./answer.ts";
import { startLoopback, type Loopback } from "./loopback.ts";
import { afterUse, beforeUse, lateAnswer, lateUse } from "./token-endpoint-faults.ts";
import { TokenEndpoint } from "./token-endpoint.ts";

let endpoint: TokenEndpoint;
let server: Loopback;
let used: number;

beforeEach(async () => {
  endpoint = new TokenEndpoint();
  used = 0;
  server = await startLoopback(() => (request, response) => {
    if (request.method === "GET") return sendAnswer(response, { status: 204 });
    return endpoint.handle(request, response, async () => {
      used += 1;
      return jsonAnswer(200, { access_token: `token-${used}` });
    });
  });
});

afterEach(() => server.close());

const ask = (signal?: AbortSignal): Promise<Response> =>
  fetch(server.origin, { method: "POST", body: new URLSearchParams({ grant_type: "refresh_token" }), signal: signal ?? null });

/** Whatever was sent before it has arrived by then. */
async function arrivals(count: number): Promise<void> {
  while (endpoint.requests.length < count) await fetch(server.origin);
}

it("lets requests through when no fault is set", async () => {
  expect(await (await ask()).json()).toEqual({ access_token: "token-1" });
  expect(endpoint.requests).toMatchObject([{ number: 1, grantType: "refresh_token", answered: 200 }]);
});

it("keeps faults in line, each for as many requests as it was given", async () => {
  endpoint.faults.next(beforeUse({ status: 429 }), 2);
  endpoint.faults.next(beforeUse({ status: 503 }));
  endpoint.faults.always(beforeUse({ status: 500 }));
  const statuses = [await ask(), await ask(), await ask(), await ask(), await ask()].map(({ status }) => status);
  expect(statuses).toEqual([429, 429, 503, 500, 500]);
  expect(used).toBe(0);
  endpoint.faults.clear();
  expect((await ask()).status).toBe(200);
});

it("resets the connection before or after the work is done", async () => {
  endpoint.faults.next(beforeUse("reset"));
  await expect(ask()).rejects.toThrow("fetch failed");
  expect(used).toBe(0);
  endpoint.faults.next(afterUse("reset"));
  await expect(ask()).rejects.toThrow("fetch failed");
  expect(used).toBe(1);
  expect(endpoint.stats).toMatchObject({ tokenRequests: { refresh_token: 2 }, tokensIssued: 1, refreshes: 1 });
  expect(endpoint.requests.map(({ answered }) => answered)).toEqual(["reset", "reset"]);
});

it("says nothing until the client leaves, and nothing keeps the server from closing", async () => {
  endpoint.faults.always(beforeUse("silence"));
  const leaving = new AbortController();
  const left = ask(leaving.signal);
  const stays = ask();
  await arrivals(2);
  leaving.abort();
  await expect(left).rejects.toThrow("aborted");
  await Promise.all([server.close(), expect(stays).rejects.toThrow("fetch failed")]);
});

it("waits before or after the work", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  endpoint.faults.next(lateUse(promise));
  endpoint.faults.next(lateAnswer(promise));
  const answers = [ask(), ask()];
  await arrivals(2);
  expect(used).toBe(1);
  resolve();
  expect(await Promise.all(answers.map(async (answer) => (await answer).status))).toEqual([200, 200]);
  expect(used).toBe(2);
  endpoint.faults.next(lateAnswer(1));
  expect((await ask()).status).toBe(200);
});

it("sends a body without end for as long as the client reads it", async () => {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  async function* endless(): AsyncGenerator<string> {
    try {
      for (;;) yield " ".repeat(65536);
    } finally {
      end();
    }
  }
  endpoint.faults.next(beforeUse({ status: 200, body: endless() }));
  const reader = (await ask()).body?.getReader();
  expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
  await reader?.cancel();
  await ended;
});

it("gives a fault of one's own the request and the server's answer", async () => {
  endpoint.faults.next(async ({ form }, carryOut) => ({
    ...(await carryOut()),
    status: 201,
    headers: { "x-seen": form.get("grant_type") ?? "" },
  }));
  const answer = await ask();
  expect([answer.status, answer.headers.get("x-seen"), await answer.json()]).toEqual([201, "refresh_token", { access_token: "token-1" }]);
});

it("tells the client when a fault itself fails", async () => {
  endpoint.faults.next(() => Promise.reject(new Error("a mistake in a test")));
  const answer = await ask();
  expect([answer.status, await answer.text()]).toEqual([500, "The test server failed: Error: a mistake in a test"]);
});
