import { buffer } from "node:stream/consumers";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import axios, { type AxiosInstance, type InternalAxiosRequestConfig } from "axios";
import { describe, expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";
import { adapters } from "./axios-under-test.ts";

type Arrived = [url: string | undefined, client: unknown, body: string];

async function startApi(arrived: Arrived[], accepted: string): Promise<Loopback> {
  return startLoopback(() => async (request, response) => {
    arrived.push([request.url, request.headers["x-client"], (await buffer(request)).toString()]);
    response.writeHead(request.headers.authorization === `Bearer ${accepted}` ? 200 : 401).end();
  });
}

/** A cache that has no token until it is let go, then "token-1", "token-2" and so on. */
function slowTokens(): { tokens: TokenCache; letGo: () => void } {
  const { promise, resolve: letGo } = Promise.withResolvers<void>();
  let number = 0;
  const tokens = createTokenCache({
    async source() {
      await promise;
      return { access_token: `token-${(number += 1)}`, expires_in: 600 };
    },
  });
  return { tokens, letGo };
}

/** What one caller uses for all its requests, and changes after each call. */
function reused(): { call: (instance: AxiosInstance, mark: string) => Promise<unknown>; spoil: () => void } {
  const bytes = Buffer.alloc(8);
  const headers: Record<string, string> = { "content-type": "application/octet-stream" };
  const params = new URLSearchParams();
  const config = { headers, params };
  const set = (mark: string): void => {
    bytes.fill(mark);
    headers["x-client"] = mark;
    params.set("mark", mark);
  };
  return {
    call(instance, mark) {
      set(mark);
      return instance.post("/orders", bytes, config);
    },
    spoil: () => set("spoiled"),
  };
}

const marks = ["A", "B", "C"];
const expected = marks.map((mark): Arrived => [`/orders?mark=${mark}`, mark, mark.repeat(8)]);

describe.each(adapters)("%s", (adapter) => {
  it.each(["token-1", "token-2"])(
    "I112 requests that share headers, parameters and bytes go out as they were at their calls, when there is no token yet and %s is taken",
    async (accepted) => {
      const arrived: Arrived[] = [];
      await using api = await startApi(arrived, accepted);
      const { tokens, letGo } = slowTokens();
      const instance = axios.create({ baseURL: api.origin, adapter });
      attachBearer(instance, tokens);
      const { call, spoil } = reused();

      const sent: Promise<unknown>[] = [];
      for (const mark of marks) {
        sent.push(call(instance, mark));
        // axios looks at its config a moment after the call.
        await new Promise(setImmediate);
      }
      spoil();
      letGo();
      await Promise.all(sent);

      const times = accepted === "token-1" ? 1 : 2;
      const sorted = arrived.toSorted(([one = ""], [other = ""]) => one.localeCompare(other));
      expect(sorted).toEqual(expected.flatMap((one) => Array.from({ length: times }, () => one)));
    },
  );

  it("I112 a selector's promise is waited for like a token", async () => {
    const arrived: Arrived[] = [];
    await using api = await startApi(arrived, "token-1");
    const { tokens, letGo } = slowTokens();
    const known = Promise.withResolvers<TokenCache>();
    const instance = axios.create({ baseURL: api.origin, adapter });
    attachBearer(instance, () => known.promise);
    const { call, spoil } = reused();

    const sent = call(instance, "A");
    await new Promise(setImmediate);
    spoil();
    letGo();
    known.resolve(tokens);
    await sent;

    expect(arrived).toEqual(expected.slice(0, 1));
  });

  it("I112 a config that an interceptor has kept and changes does not change the request any more", async () => {
    const arrived: Arrived[] = [];
    await using api = await startApi(arrived, "token-2");
    const { tokens, letGo } = slowTokens();
    const instance = axios.create({ baseURL: api.origin, adapter });
    let kept: InternalAxiosRequestConfig | undefined;
    instance.interceptors.request.use((config) => (kept = config));
    attachBearer(instance, tokens);

    const sent = instance.get("/mine", { headers: { "x-client": "mine" } });
    await new Promise(setImmediate);
    expect(kept).toBeDefined();
    kept!.headers.set("x-client", "changed");
    kept!.url = "/changed";
    letGo();
    await sent;

    expect(arrived).toEqual([
      ["/mine", "mine", ""],
      ["/mine", "mine", ""],
    ]);
  });

  it("I114 an object that can be read once, whatever it looks like, is never replayed empty", async () => {
    const arrived: Arrived[] = [];
    await using api = await startApi(arrived, "token-2");
    const { tokens, letGo } = slowTokens();
    letGo();
    const instance = axios.create({ baseURL: api.origin, adapter, validateStatus: null });
    attachBearer(instance, tokens);
    const pieces = [Buffer.from("one"), Buffer.from("two")];
    const onceOnly = { [Symbol.asyncIterator]: () => ({ next: async () => ({ value: pieces[0], done: pieces.shift() === undefined }) }) };
    const transformRequest = [(data: unknown) => data];

    const [outcome] = await Promise.allSettled([
      instance.post("/", onceOnly, { transformRequest, headers: { "content-type": "text/plain" } }),
    ]);

    expect(arrived.length).toBeLessThanOrEqual(1);
    // axios's http adapter refuses such a body by itself.
    expect(outcome.status).toBe(adapter === "fetch" ? "fulfilled" : "rejected");
  });
});
