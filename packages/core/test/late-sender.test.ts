import { afterEach, describe, expect, it, vi } from "vitest";
import type { TokenCache } from "../src/cache/token-cache.ts";
import type { BearerOptions, TokenCacheSelector } from "../src/request/bearer-options.ts";
import type { FetchFunction, FetchRequest } from "../src/request/fetch.ts";

const origin = "https://api.example.com";

interface Program {
  /** A fetch function with tokens, over one that notes its calls. */
  attach(options?: BearerOptions<Response>, tokens?: TokenCache | TokenCacheSelector<FetchRequest>): FetchFunction;
  /** What the function beneath was called with, as the server would see it. */
  readonly sent: string[];
  readonly tokens: TokenCache;
  attempts(): number;
}

/** A program that has just begun, whose next `failures` attempts to load what sends requests fail, as offline. */
async function begin(failures = 0): Promise<Program> {
  vi.resetModules();
  let attempts = 0;
  vi.doMock("../src/request/fetch/sender.ts", async (original) => {
    attempts += 1;
    if (attempts <= failures) throw new TypeError("Failed to fetch dynamically imported module");
    return original();
  });
  const { createTokenCache } = await import("../src/cache/create-token-cache.ts");
  const { BearerPolicy } = await import("../src/request/bearer-policy.ts");
  const { fetchWithToken } = await import("../src/request/fetch.ts");
  const sent: string[] = [];
  const beneath: FetchFunction = async (input, init) => {
    const { method, url, headers } = new Request(input, init);
    sent.push(`${method} ${url} ${headers.get("authorization")} ${typeof init?.body === "string" ? init.body : ""}`);
    return new Response("");
  };
  const own = createTokenCache({ source: async () => ({ access_token: "token", expires_in: 3600 }) });
  return {
    attach(options, tokens = own) {
      const policy = new BearerPolicy<FetchRequest, Response>(tokens, { origins: origin, ...options });
      return (input, init) => fetchWithToken(policy, beneath, { input, init });
    },
    sent,
    tokens: own,
    attempts: () => attempts,
  };
}

const notSent = {
  code: "ERR_TOKEN_REQUEST_NOT_SENT",
  message: "A module of Tokenflight, which is loaded when it is needed, could not be loaded.",
};

afterEach(() => vi.doUnmock("../src/request/fetch/sender.ts"));

describe("the module that sends requests of a fetch function", () => {
  it("is loaded once, and then nothing is awaited", async () => {
    const { attach, sent, attempts } = await begin();
    const send = attach();
    await Promise.all([send(`${origin}/1`), send(`${origin}/2`)]);
    const last = send(`${origin}/3`);
    expect(sent).toEqual([1, 2, 3].map((path) => `GET ${origin}/${path} Bearer token `));
    await last;
    expect(attempts()).toBe(1);
  });

  it("that cannot be loaded sends no request without its token, and is asked for again by the next one", async () => {
    const { attach, sent, attempts } = await begin(2);
    const send = attach();
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const stream = new ReadableStream();
      const cancelled = vi.spyOn(stream, "cancel");
      await expect(send(origin, { method: "POST", body: stream, duplex: "half" } as RequestInit)).rejects.toMatchObject(notSent);
      expect(cancelled).toHaveBeenCalledTimes(1);
      expect([sent, attempts()]).toEqual([[], attempt]);
    }
    await send(origin, { method: "POST", body: "again" });
    expect(sent).toEqual([`POST ${origin}/ Bearer token again`]);
  });

  it("is not waited for by what goes without a token anyway", async () => {
    const { attach, sent, attempts } = await begin(Infinity);
    const send = attach({}, () => undefined);
    await send("https://elsewhere.example/");
    await send(origin, { headers: { authorization: "Basic own" } });
    await send(`${origin}/nobody`);
    expect(sent).toEqual(["GET https://elsewhere.example/ null ", `GET ${origin}/ Basic own `, `GET ${origin}/nobody null `]);
    expect(attempts()).toBe(0);
  });

  it.each([false, true])("is loaded while a selector is asked, in the moment of the call; it gives a promise: %s", async (isLate) => {
    const { attach, sent, tokens } = await begin();
    let user: TokenCache | undefined = tokens;
    const send = attach({}, () => (isLate ? Promise.resolve(user) : user));
    const responses = [send(`${origin}/user`)];
    user = undefined;
    responses.push(send(`${origin}/nobody`));
    await Promise.all(responses);
    expect(sent.toSorted()).toEqual([`GET ${origin}/nobody null `, `GET ${origin}/user Bearer token `]);
  });

  it("is waited for no longer than the caller does, and not when the selector fails", async () => {
    const { attach, sent } = await begin();
    const caller = new AbortController();
    const send = attach();
    const left = send(origin, { signal: caller.signal });
    caller.abort("left");
    await expect(left).rejects.toBe("left");
    await expect(send(origin, { signal: AbortSignal.abort("before") })).rejects.toBe("before");
    const failing = attach({}, () => Promise.reject(new Error("nobody")));
    await expect(failing(origin)).rejects.toThrow("nobody");
    expect(sent).toEqual([]);
    await send(origin);
    expect(sent).toHaveLength(1);
  });

  it("is there from the start where it was handed over", async () => {
    const { attach, sent, tokens, attempts } = await begin();
    await import("../src/request/fetch/eager.ts");
    await tokens.get();
    const send = attach();
    const response = send(origin);
    expect(sent).toHaveLength(1);
    await response;
    expect(attempts()).toBe(1);
  });
});
