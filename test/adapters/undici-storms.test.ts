import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer, type UndiciResponse } from "@tokenflight/undici";
import fc from "fast-check";
import { Agent, request } from "undici";
import { describe, expect, it } from "vitest";
import type { Answer } from "../servers/answer.ts";
import { longRefusal, startWireApi, type WireApi } from "./wire-session.ts";

/** An API and the token endpoint at one origin, where the first token is refused. `renewal` is what the endpoint says from the second time on. */
async function startOrigin(refusal: () => Answer, renewal: (token: string) => Answer | Promise<Answer> = granted): Promise<WireApi> {
  let count = 0;
  return startWireApi(
    () => true,
    async ({ url, token }) => {
      if (url !== "/token") return token === "1" ? refusal() : { status: 200, body: "here" };
      count += 1;
      return count === 1 ? granted("1") : renewal(String(count));
    },
  );
}

const granted = (token: string): Answer => ({ status: 200, body: JSON.stringify({ access_token: token, expires_in: 3600 }) });

const agentOf = (connections: number): Agent & AsyncDisposable => {
  const agent = new Agent({ connections });
  return Object.assign(agent, { [Symbol.asyncDispose]: () => agent.destroy() });
};

/** Tokens that come over this agent, the first of which is there. */
async function tokensOver(agent: Agent, { origin }: WireApi): Promise<TokenCache> {
  const tokens = createTokenCache({
    async source({ signal }) {
      const { statusCode, body } = await request(`${origin}/token`, { dispatcher: agent, signal });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`The token endpoint said ${statusCode}.`);
      return JSON.parse(text) as never;
    },
  });
  await tokens.get();
  return tokens;
}

interface Storm {
  readonly connections: number;
  readonly requests: number;
  /** Bytes of each refusal. */
  readonly length: number;
  readonly chunked: boolean;
}

async function outcomesOf(
  { connections, requests }: Storm,
  wire: WireApi,
): Promise<{ statuses: number[]; bodies: string[]; took: number }> {
  await using agent = agentOf(connections);
  const dispatcher = agent.compose(bearer(await tokensOver(agent, wire), { origins: wire.origin }));
  const started = performance.now();
  const outcomes = await Promise.all(
    Array.from({ length: requests }, async () => {
      const { statusCode, body } = await request(`${wire.origin}/order`, { dispatcher });
      return { statusCode, text: await body.text() };
    }),
  );
  return {
    statuses: [...new Set(outcomes.map(({ statusCode }) => statusCode))],
    bodies: [...new Set(outcomes.map(({ text }) => text))],
    took: performance.now() - started,
  };
}

const tokenRequests = ({ requests }: WireApi): number => requests.filter(({ url }) => url === "/token").length;

describe("one Agent for the API and the token endpoint, with few connections", () => {
  it.each<Storm>([
    { connections: 1, requests: 1, length: 2, chunked: false },
    { connections: 1, requests: 20, length: 2, chunked: true },
    { connections: 8, requests: 20, length: 120_000, chunked: false },
    { connections: 2, requests: 10, length: 1_000_000, chunked: false },
    { connections: 3, requests: 5, length: 3_000_000, chunked: true },
  ])("$requests refused requests over $connections, each refusal with $length bytes (in chunks: $chunked)", async (storm) => {
    await using wire = await startOrigin(() => longRefusal(storm.length, storm.chunked));

    const { statuses, bodies, took } = await outcomesOf(storm, wire);

    expect([statuses, bodies]).toEqual([[200], ["here"]]);
    expect(tokenRequests(wire)).toBe(2);
    expect(took).toBeLessThan(5000);
  });

  it("whatever their number, the connections and the length of the refusals", { timeout: 60_000 }, async () => {
    const storms = fc.record({
      connections: fc.integer({ min: 1, max: 8 }),
      requests: fc.integer({ min: 1, max: 40 }),
      length: fc.oneof(fc.nat(100), fc.nat(70_000), fc.nat(400_000)),
      chunked: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(storms, async (storm) => {
        await using wire = await startOrigin(() => longRefusal(storm.length, storm.chunked));
        const { statuses } = await outcomesOf(storm, wire);
        expect([statuses, tokenRequests(wire)]).toEqual([[200], 2]);
      }),
      { numRuns: 12, seed: 20_261_128 },
    );
  });

  it.each<Storm>([
    { connections: 1, requests: 5, length: 0, chunked: false },
    { connections: 1, requests: 5, length: 240_000, chunked: true },
    { connections: 4, requests: 12, length: 1_000_000, chunked: false },
  ])("and the refusals are whole where there is no other token: $requests over $connections, $length bytes", async (storm) => {
    await using wire = await startOrigin(
      () => longRefusal(storm.length, storm.chunked),
      () => ({ status: 401, body: "no" }),
    );

    const { statuses, bodies } = await outcomesOf(storm, wire);

    expect([statuses, bodies.map(({ length }) => length)]).toEqual([[401], [storm.length]]);
  });

  it.each([0, 100_000, 1_000_000])("a predicate may ask over the same connection about a response with %d bytes", async (length) => {
    await using wire = await startOrigin(() => longRefusal(length));
    await using agent = agentOf(1);
    const refused = async ({ statusCode }: UndiciResponse): Promise<boolean> => {
      const { body } = await request(`${wire.origin}/introspect`, { dispatcher: agent });
      return (await body.text()) === "here" && statusCode === 401;
    };
    const dispatcher = agent.compose(bearer(await tokensOver(agent, wire), { origins: wire.origin, refused }));

    const { statusCode, body } = await request(`${wire.origin}/order`, { dispatcher });

    expect([statusCode, await body.text()]).toEqual([200, "here"]);
  });

  it("what is held of refusals has a limit: a refusal beyond it is the caller's, whole, and the next request has a fresh token", async () => {
    const length = 40_000_000;
    await using wire = await startOrigin(() => longRefusal(length));
    await using agent = agentOf(1);
    const tokens = await tokensOver(agent, wire);
    const dispatcher = agent.compose(bearer(tokens, { origins: wire.origin }));

    const { statusCode, body } = await request(`${wire.origin}/order`, { dispatcher });
    let size = 0;
    for await (const piece of body) size += (piece as Buffer).length;

    expect([statusCode, size]).toEqual([401, length]);
    expect((await request(`${wire.origin}/order`, { dispatcher })).statusCode).toBe(200);
    expect(tokenRequests(wire)).toBe(2);
  });

  it.each(["have left", "have their refusal and read nothing of it"])(
    "what was held for callers who %s is not counted any more",
    async (who) => {
      const each = { length: 240_000, requests: 100 };
      await using wire = await startOrigin(() => longRefusal(each.length));
      await using agent = agentOf(each.requests);
      let received = 0;
      const count = (event: unknown): number => (received += (event as { chunk: Buffer }).chunk.length);
      subscribe("undici:request:bodyChunkReceived", count);
      // More than is held of all together.
      for (let round = 0; round < 4; round += 1) {
        received = 0;
        const renewal = Promise.withResolvers<never>();
        const given = [Promise.resolve({ access_token: "1" }), renewal.promise];
        const tokens = createTokenCache({ source: () => given.shift() as never });
        await tokens.get();
        const dispatcher = agent.compose(bearer(tokens, { origins: wire.origin }));
        const leaving = new AbortController();
        const calls = Array.from({ length: each.requests }, () => request(`${wire.origin}/order`, { dispatcher, signal: leaving.signal }));
        const over = Promise.allSettled(calls);
        await expect.poll(() => received, { timeout: 10_000 }).toBe(each.requests * each.length);

        if (who === "have left") leaving.abort();
        else renewal.reject(new Error("no"));

        await over;
      }
      unsubscribe("undici:request:bodyChunkReceived", count);

      const { statuses } = await outcomesOf({ connections: 1, requests: 2, length: each.length, chunked: false }, wire);

      expect(statuses).toEqual([200]);
    },
  );
});
