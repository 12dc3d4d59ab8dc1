import { toTokenResponse } from "@tokenflight/core";
import { bearer } from "@tokenflight/ky";
import ky, { type HTTPError, type KyInstance, type Options } from "ky";
import { describe, expect, it } from "vitest";
import { lateAnswer } from "../servers/token-endpoint-faults.ts";
import { currentToken, refusal, rejectionOf, startWireSession, usual, type WireSession } from "./wire-session.ts";

const attached = ({ tokens, wire }: WireSession, options: Options = {}): KyInstance =>
  ky.create({ baseUrl: wire.origin, ...options }).extend(bearer(tokens));

/** The same without us: what ky itself does when somebody has set the header. */
async function withStaticHeader({ tokens, wire }: WireSession, options: Options = {}): Promise<KyInstance> {
  return ky.create({ baseUrl: wire.origin, ...options, headers: { authorization: `Bearer ${await currentToken(tokens)}` } });
}

/** The first answers to good tokens have these statuses. */
function answerWith({ wire }: WireSession, ...statuses: number[]): void {
  wire.answer = (request, response) => {
    const status = request.isGood ? statuses.shift() : undefined;
    return status === undefined ? usual(request, response) : { status };
  };
}

describe.each([0, 1, 2])("retry: %d", (limit) => {
  const retry = { limit, delay: () => 1, methods: ["get" as const, "put" as const, "post" as const] };

  it("a refused POST is replayed, with its JSON, and costs none of ky's retries", async () => {
    await using session = await startWireSession();
    await session.revoke();
    answerWith(session, ...Array<number>(limit).fill(503));

    const { body } = await attached(session, { retry })
      .post("orders", { json: { name: "Zoë" } })
      .json<{ body: string }>();

    expect(JSON.parse(body)).toEqual({ name: "Zoë" });
    expect(session.wire.requests.map(({ isGood, bodySha256 }) => [isGood, bodySha256])).toEqual(
      [false, ...Array<boolean>(limit + 1).fill(true)].map((isGood) => [isGood, session.wire.requests[0]?.bodySha256]),
    );
  });

  it("ky retries as often as it does without us, and its error is the same", async () => {
    const counts: number[] = [];
    for (const make of [withStaticHeader, attached]) {
      await using session = await startWireSession();
      answerWith(session, ...Array<number>(10).fill(503));
      const api = await make(session, { retry });
      await session.tokens.get();
      const error = (await rejectionOf(api("orders"))) as HTTPError;
      expect([error.name, error.response.status]).toEqual(["HTTPError", 503]);
      counts.push(session.wire.requests.length);
    }
    expect(counts).toEqual([limit + 1, limit + 1]);
  });

  it("a refusal in the middle of ky's retries is replayed", async () => {
    await using session = await startWireSession();
    let first = true;
    session.wire.answer = async (request, response) => {
      if (!first || limit === 0) return usual(request, response);
      first = false;
      await session.revoke();
      return { status: 503 };
    };

    expect((await attached(session, { retry }).put("orders", { body: "text" })).status).toBe(200);

    expect(session.wire.requests.map(({ body }) => body.toString())).toEqual(Array(limit === 0 ? 1 : 3).fill("text"));
  });
});

it("a replay waits for none of ky's delays", async () => {
  await using session = await startWireSession();
  await session.revoke();

  const delays: number[] = [];
  const delay = (attempt: number): number => {
    delays.push(attempt);
    return 5000;
  };
  expect((await attached(session, { retry: { limit: 2, delay } })("orders")).status).toBe(200);

  expect(delays).toEqual([]);
});

it("a 401 that stays is not retried by ky, unless its statusCodes say so", async () => {
  await using session = await startWireSession();
  session.wire.answer = () => refusal;
  expect(await rejectionOf(attached(session, { retry: { limit: 2, delay: () => 1 } })("a"))).toMatchObject({ response: { status: 401 } });
  expect(session.wire.requests).toHaveLength(2);

  const retrying = attached(session, { retry: { limit: 1, delay: () => 1, statusCodes: [401] } });
  expect(await rejectionOf(retrying("b"))).toMatchObject({ response: { status: 401 } });
  expect(session.wire.requests.filter(({ url }) => url === "/b").length).toBeLessThanOrEqual(4);
});

describe("timeout", () => {
  it.each<[string, Options]>([
    ["timeout", { timeout: 100 }],
    ["totalTimeout", { timeout: false, totalTimeout: 100 }],
  ])("%s covers the wait for a token and for its renewal", async (_name, options) => {
    for (const prepare of [expire, ({ revoke }: WireSession) => revoke()]) {
      await using session = await startWireSession();
      await prepare(session);
      const { promise, resolve } = Promise.withResolvers<void>();
      session.server.faults.always(lateAnswer(promise));
      const started = performance.now();

      const error = await rejectionOf(attached(session, { ...options, retry: 0 })("orders"));

      expect(error.name).toBe("TimeoutError");
      expect(performance.now() - started).toBeLessThan(1500);
      resolve();
    }
  });

  it.each<[string, Options]>([
    ["timeout", { timeout: 100 }],
    ["totalTimeout", { timeout: false, totalTimeout: 100 }],
  ])("%s covers first request, renewal and replay together", async (_name, options) => {
    await using session = await startWireSession();
    await session.revoke();
    session.wire.answer = async (request, response) => {
      if (request.isGood) await new Promise((resolve) => setTimeout(resolve, 3000).unref());
      return usual(request, response);
    };

    expect((await rejectionOf(attached(session, { ...options, retry: 0 })("orders"))).name).toBe("TimeoutError");

    expect(session.wire.requests.length).toBeLessThanOrEqual(2);
  });

  it("a request that timed out is retried, if ky is told so, while the refresh that it waited for goes on", async () => {
    await using session = await startWireSession();
    await expire(session);
    session.server.faults.next(lateAnswer(150));
    const api = attached(session, { timeout: 100, retry: { limit: 3, delay: () => 1, retryOnTimeout: true } });

    expect((await api("orders")).status).toBe(200);

    expect(session.refreshes()).toBe(1);
    expect(session.wire.requests).toHaveLength(1);
  });

  it("the caller's signal ends the wait at once, with its reason, and nobody else's", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const { promise, resolve } = Promise.withResolvers<void>();
    session.server.faults.always(lateAnswer(promise));
    const api = attached(session);
    const abort = new AbortController();
    const reason = new Error("the caller left");
    const leaving = api("a", { signal: abort.signal });
    const staying = api("b");
    while (session.server.requests.length < 2) await new Promise((then) => setTimeout(then, 1));

    abort.abort(reason);

    expect(await rejectionOf(leaving)).toBe(reason);
    resolve();
    expect((await staying).status).toBe(200);
    expect(session.refreshes()).toBe(1);
  });
});

async function expire({ tokens }: WireSession): Promise<void> {
  await tokens.save({ ...toTokenResponse(await tokens.get()), expires_at: Date.now() / 1000 - 1 });
}
