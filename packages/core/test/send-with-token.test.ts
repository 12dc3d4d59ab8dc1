import { beforeEach, describe, expect, it, vi } from "vitest";
import type { BearerOptions } from "../src/request/bearer-options.ts";
import { BearerPolicy } from "../src/request/bearer-policy.ts";
import { sendWithToken, type OutgoingRequest } from "../src/request/send-with-token.ts";
import type { HeaderFields } from "../src/request/scheme.ts";
import type { TokenCache } from "../src/cache/token-cache.ts";
import type { TokenSet } from "../src/tokens/token-set.ts";
import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { settle } from "./test-clock.ts";

interface Answer {
  status: number;
  challenge?: string;
  redirected?: boolean;
  url?: string;
}

/** A request of a client that answers 200 to the tokens it likes, and 401 to all others. */
class Request implements OutgoingRequest<Answer> {
  method = "GET";
  url = "https://api.example.com/v1";
  signal: AbortSignal | undefined;
  hasOwnCredentials = false;
  canSendAgain = true;
  kept = 0;
  readonly sent: (string | undefined)[] = [];
  readonly discarded: Answer[] = [];
  answer: (authorization: string | undefined) => Answer | Promise<Answer> = () => ({ status: 200 });

  likes(...tokens: string[]): void {
    this.answer = (authorization) => ({ status: tokens.some((token) => authorization === `Bearer ${token}`) ? 200 : 401 });
  }

  keep(): void {
    this.kept += 1;
  }

  send(fields: HeaderFields | undefined): Promise<Answer> {
    const authorization = fields?.["authorization"];
    this.sent.push(fields === undefined ? "nothing" : authorization?.replace("Bearer ", ""));
    return Promise.resolve(this.answer(authorization));
  }

  facts({ status, challenge }: Answer): { status: number; challenge: string | undefined } {
    return { status, challenge };
  }

  redirect({ redirected = false, url }: Answer): { redirected: boolean | undefined; url: string | undefined } {
    return { redirected, url };
  }

  async discard(answer: Answer): Promise<void> {
    this.discarded.push(answer);
  }
}

let all: SetUp;
let request: Request;
const attach = (options: BearerOptions<Answer> = {}): BearerPolicy<unknown, Answer> =>
  new BearerPolicy<unknown, Answer>(all.tokens, { origins: "https://api.example.com", ...options });
const start = (options: BearerOptions<Answer> = {}): Outcome<Answer> => new Outcome(sendWithToken(attach(options), all.tokens, request));

/** Answers the token request under way. */
async function give(name: string): Promise<void> {
  await settle();
  all.hand.last.give(response(name));
  await settle();
}

beforeEach(() => {
  all = setUp();
  request = new Request();
});

describe("a request with a fresh token", () => {
  beforeEach(async () => {
    await all.tokens.save(response("1"));
  });

  it("tells of a failure that a page may not see the reason of, once it was sent", async () => {
    const observe = vi.fn<(event: object) => void>();
    vi.stubGlobal("location", { origin: "https://app.example.com" });
    request.answer = () => Promise.reject(new TypeError("Failed to fetch"));
    await expect(sendWithToken(attach({ observe }), all.tokens, request)).rejects.toThrow("Failed to fetch");
    expect(observe.mock.calls).toEqual([[{ type: "request-unanswered", origin: "https://api.example.com" }]]);
    const scheme = (): never => {
      throw new TypeError("A scheme's own mistake.");
    };
    observe.mockClear();
    await expect(sendWithToken(attach({ observe, scheme }), all.tokens, request)).rejects.toThrow("its scheme failed");
    expect(observe.mock.calls).toEqual([]);
    vi.unstubAllGlobals();
  });

  it("is sent before anything is awaited", () => {
    const scheme = vi.fn<() => HeaderFields>(() => ({ authorization: "Bearer x" }));
    void sendWithToken(attach({ scheme }), all.tokens, request);
    expect(request.sent).toEqual(["x"]);
    expect(scheme.mock.calls).toEqual([[all.tokens.peek(), request]]);
    void sendWithToken(attach(), all.tokens, request);
    expect(request.sent).toEqual(["x", "access-1"]);
  });

  it("gives the client's own answer, and the token source hears nothing of it", async () => {
    const answer = { status: 200 };
    request.answer = () => answer;
    expect(await sendWithToken(attach(), all.tokens, request)).toBe(answer);
    expect(all.hand.calls).toEqual([]);
  });

  it("gives the client's own error, as it is", async () => {
    const error = new Error("socket hang up");
    request.answer = () => Promise.reject(error);
    await expect(sendWithToken(attach(), all.tokens, request)).rejects.toBe(error);
    expect(all.hand.calls).toEqual([]);
    expect(request.sent).toHaveLength(1);
  });

  it("waits for a scheme that needs time, and fails with it", async () => {
    await sendWithToken(attach({ scheme: () => Promise.resolve({ authorization: "Bearer slow" }) }), all.tokens, request);
    expect(request.sent).toEqual(["slow"]);
    const error = new Error("no key");
    await expect(sendWithToken(attach({ scheme: () => Promise.reject(error) }), all.tokens, request)).rejects.toMatchObject({
      code: "ERR_SCHEME_FAILED",
      cause: error,
    });
    expect(request.sent).toHaveLength(1);
  });
});

describe("a request without a fresh token", () => {
  it("waits for one and is sent once", async () => {
    const outcome = start();
    await settle();
    expect(request.sent).toEqual([]);
    await give("1");
    expect([outcome.value?.status, request.sent]).toEqual([200, ["access-1"]]);
  });

  it("is not sent when there is none to be had", async () => {
    const outcome = start();
    await settle();
    all.hand.last.fail(new Error("no"));
    await settle();
    expect([outcome.code, request.sent]).toEqual(["ERR_TOKEN_REQUEST_UNKNOWN", []]);
  });

  it("whose caller gives up ends with the signal's reason, and the refresh goes on", async () => {
    const controller = new AbortController();
    request.signal = controller.signal;
    const outcome = start();
    await settle();
    controller.abort("enough");
    await settle();
    expect([outcome.reason, request.sent]).toEqual(["enough", []]);
    expect(all.hand.last.context.signal.aborted).toBe(false);
    await give("1");
    expect(all.tokens.peek()?.accessToken).toBe("access-1");
  });
});

describe("a refused request", () => {
  beforeEach(async () => {
    await all.tokens.save(response("1"));
    request.likes("access-2");
  });

  it("is sent once more with another token, after its answer was thrown away", async () => {
    const outcome = start();
    await give("2");
    expect([outcome.value, request.sent]).toEqual([{ status: 200 }, ["access-1", "access-2"]]);
    expect(request.discarded).toEqual([{ status: 401 }]);
    expect(all.hand.calls).toHaveLength(1);
  });

  it("is not sent a third time: the caller gets the last refusal, its body unread", async () => {
    request.likes("another");
    const outcome = start();
    await give("2");
    expect([outcome.value?.status, request.sent]).toEqual([401, ["access-1", "access-2"]]);
    expect(request.discarded).toHaveLength(1);
    expect(request.discarded).not.toContain(outcome.value);
  });

  it("keeps its own refusal, unread, when the refresh fails", async () => {
    const outcome = start();
    await settle();
    all.hand.last.fail(new Error("no"));
    await settle();
    expect([outcome.value?.status, request.sent, request.discarded]).toEqual([401, ["access-1"], []]);
  });

  it("ends with its signal's reason when the caller gives up while it waits", async () => {
    const controller = new AbortController();
    request.signal = controller.signal;
    const outcome = start();
    await settle();
    controller.abort("enough");
    await settle();
    expect([outcome.reason, request.sent]).toEqual(["enough", ["access-1"]]);
    await give("2");
    expect(all.tokens.peek()?.accessToken).toBe("access-2");
  });

  it("ends with its signal's reason when the refresh fails in the same moment", async () => {
    const controller = new AbortController();
    request.signal = controller.signal;
    const { promise, reject } = Promise.withResolvers<TokenSet>();
    const failing: TokenCache = { ...all.tokens, peek: () => all.tokens.peek(), renew: () => promise };
    const outcome = new Outcome(sendWithToken(attach(), failing, request));
    await settle();
    reject(new Error("no"));
    controller.abort("enough");
    await settle();
    expect(outcome.reason).toBe("enough");
  });

  it("with a body that can be sent only once is not sent again, but the next request has the fresh token", async () => {
    request.canSendAgain = false;
    const outcome = start();
    await settle();
    expect([outcome.value?.status, request.discarded]).toEqual([401, []]);
    await give("2");
    expect(request.sent).toEqual(["access-1"]);
    await sendWithToken(attach(), all.tokens, request);
    expect(request.sent).toEqual(["access-1", "access-2"]);
  });

  it("is not sent again when nobody wants that, and no rejection is left when the refresh fails", async () => {
    const outcome = start({ replay: "never" });
    await settle();
    expect(outcome.value?.status).toBe(401);
    all.hand.last.fail(new Error("no"));
    await settle();
    expect(request.sent).toEqual(["access-1"]);
  });

  it("is not sent again, and refreshes nothing, when the caller's judgement fails", async () => {
    const throwing = (): never => {
      throw new Error("no");
    };
    for (const refused of [throwing, () => Promise.reject(new Error("no"))]) {
      const outcome = start({ refused });
      await settle();
      expect(outcome.value?.status).toBe(401);
    }
    expect(all.hand.calls).toEqual([]);
  });

  it("may be one in the caller's eyes only", async () => {
    request.answer = (authorization) => ({ status: authorization === "Bearer access-2" ? 200 : 498 });
    const outcome = start({ refused: ({ status }) => Promise.resolve(status === 498) });
    await give("2");
    expect([outcome.value?.status, request.sent]).toEqual([200, ["access-1", "access-2"]]);
  });

  it("is sent again even when its answer cannot be thrown away", async () => {
    request.discard = () => Promise.reject(new Error("The stream is locked."));
    const outcome = start();
    await give("2");
    expect(outcome.value?.status).toBe(200);
    request.discard = () => {
      throw new Error("The stream is locked.");
    };
    request.likes("access-3");
    const other = start();
    await give("3");
    expect(other.value?.status).toBe(200);
  });

  it.each([
    ["POST", true, undefined],
    ["POST", undefined, undefined],
    ["DELETE", true, "https://api.example.com/v2"],
  ])(
    "with %s after a redirect at home (%s, %s) is not sent again; the next one has the fresh token (113)",
    async (method, redirected, url) => {
      Object.assign(request, { method, redirect: () => ({ redirected, url }) });
      const outcome = start();
      await settle();
      expect([outcome.value?.status, request.sent, all.hand.calls.length, request.discarded]).toEqual([401, ["access-1"], 1, []]);
      await give("2");
      await sendWithToken(attach(), all.tokens, request);
      expect(request.sent).toEqual(["access-1", "access-2"]);
    },
  );

  it.each([
    ["GET", true, "https://other.example/"],
    ["POST", true, "https://other.example/"],
    ["GET", undefined, "https://other.example/"],
  ])(
    "with %s after a redirect to another origin (%s, %s) is neither sent again nor a reason to refresh",
    async (method, redirected, url) => {
      Object.assign(request, { method, redirect: () => ({ redirected, url }) });
      const outcome = start();
      await settle();
      expect([outcome.value?.status, request.sent, all.hand.calls]).toEqual([401, ["access-1"], []]);
    },
  );

  it("with GET after a redirect at home is sent again", async () => {
    request.answer = (authorization) => ({
      status: authorization === "Bearer access-2" ? 200 : 401,
      redirected: true,
      url: "https://api.example.com/v2",
    });
    const outcome = start();
    await give("2");
    expect(outcome.value?.status).toBe(200);
  });
});

describe("a caller that leaves (signal)", () => {
  const never = (): Promise<never> => new Promise(() => {});
  const isFirst = ({ status }: Answer): boolean => status === 401;

  it.each<[string, BearerOptions<Answer>, sent: number, discarded: number]>([
    ["a scheme", { scheme: never }, 0, 0],
    ["a predicate", { refused: never }, 1, 1],
    ["a renewal", {}, 1, 1],
    [
      "the scheme of a replay",
      { scheme: ({ accessToken }) => (accessToken === "access-1" ? { authorization: "Bearer access-1" } : never()) },
      1,
      1,
    ],
    ["a predicate about the replay", { refused: (answer) => isFirst(answer) || never() }, 2, 2],
  ])("ends the wait for %s, and its response is nobody's", async (_what, options, sent, discarded) => {
    await all.tokens.save(response("1"));
    request.likes("access-2");
    const controller = new AbortController();
    request.signal = controller.signal;
    const outcome = start(options);
    await settle();
    if (all.hand.calls.length === 1 && Object.keys(options).length > 0) await give("2");
    expect(outcome.state).toBe("pending");

    controller.abort("enough");
    await settle();

    expect([outcome.reason, request.sent.length, request.discarded.length]).toEqual(["enough", sent, discarded]);
  });
});

describe("a refused response makes way (makeWay)", () => {
  it("before a wait for another token, and only then", async () => {
    await all.tokens.save(response("1"));
    request.likes("access-2");
    const way = vi.fn<(answer: Answer) => void>();
    Object.assign(request, { makeWay: way });
    const outcome = start();
    await settle();
    expect([way.mock.calls, request.discarded]).toEqual([[[{ status: 401 }]], []]);
    await give("2");
    expect(outcome.value?.status).toBe(200);

    const { promise, resolve } = Promise.withResolvers<Answer>();
    request.answer = (authorization) => (authorization === "Bearer access-3" ? { status: 200 } : promise);
    const late = start();
    await all.tokens.save(response("3"));
    resolve({ status: 401 });
    await settle();
    expect([late.value?.status, way.mock.calls.length]).toEqual([200, 1]);
  });
});

describe("many refused requests", () => {
  beforeEach(async () => {
    await all.tokens.save(response("1"));
  });

  it("are all sent again after one refresh", async () => {
    const requests = Array.from({ length: 1000 }, () => {
      const each = new Request();
      each.likes("access-2");
      return each;
    });
    const policy = attach();
    const outcomes = requests.map((each) => new Outcome(sendWithToken(policy, all.tokens, each)));
    await give("2");
    expect(outcomes.every(({ value }) => value?.status === 200)).toBe(true);
    expect(requests.every(({ sent }) => sent.length === 2)).toBe(true);
    expect(all.hand.calls).toHaveLength(1);
  });

  it("whose refusals come after another's refresh need none of their own", async () => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const late = new Request();
    late.answer = (authorization) => (authorization === "Bearer access-2" ? { status: 200 } : promise);
    const slow = new Outcome(sendWithToken(attach(), all.tokens, late));
    request.likes("access-2");
    start();
    await give("2");
    resolve({ status: 401 });
    await settle();
    expect([slow.value?.status, late.sent, all.hand.calls.length]).toEqual([200, ["access-1", "access-2"], 1]);
  });

  it("by an API that refuses even new tokens cause no refresh each", async () => {
    request.likes();
    for (let index = 0; index < 100; index += 1) {
      const outcome = start();
      await settle();
      if (all.hand.calls.length > 1 && outcome.state === "pending") throw new Error("Another refresh was started.");
      if (outcome.state === "pending") await give("2");
      expect(outcome.value?.status).toBe(401);
      await all.clock.advance(5);
    }
    expect(all.hand.calls).toHaveLength(1);
    expect(all.events.filter(({ type }) => type === "new-token-refused")).toHaveLength(1);
  });

  it("by an API whose token source gives the same token again cause no refresh each", async () => {
    request.likes();
    for (let index = 0; index < 1000; index += 1) {
      const outcome = start();
      await settle();
      if (outcome.state === "pending") await give("1");
      expect(outcome.value?.status).toBe(401);
      await all.clock.advance(100);
    }
    // In 100 seconds: pauses of 1, 2, 4, 8, 16, 32 and 60 seconds.
    expect(all.hand.calls.length).toBeLessThanOrEqual(7);
  });

  it("each have their own replay: a later refusal of the newer token refreshes again", async () => {
    request.likes("access-2");
    start();
    await give("2");
    request.likes("access-3");
    const outcome = start();
    await give("3");
    expect([outcome.value?.status, all.hand.calls.length]).toEqual([200, 2]);
  });
});

describe("what a caller may change while its request waits (field line 112)", () => {
  it("is kept before a wait for a token, and not when the token is there", async () => {
    start();
    await settle();
    expect(request.kept).toBe(1);
    await give("1");
    request.kept = 0;
    await sendWithToken(attach(), all.tokens, request);
    expect(request.kept).toBe(0);
    await sendWithToken(attach({ scheme: async () => ({ authorization: "Bearer slow" }) }), all.tokens, request);
    expect(request.kept).toBe(1);
  });
});

describe("a scheme with a field of its own (field line 125)", () => {
  const scheme = (): HeaderFields => ({ "X-Api-Key": "token" });

  it("that its first fields have shown: the caller's own field wins, and is told of", async () => {
    await all.tokens.save(response("1"));
    const observe = vi.fn<(event: unknown) => void>();
    const policy = attach({ scheme, observe });
    request.hasOwnCredentials = true;
    await sendWithToken(policy, all.tokens, request);
    expect(request.sent).toEqual(["nothing"]);
    expect(observe.mock.calls).toEqual([[{ type: "request-without-token", origin: "https://api.example.com", reason: "own-credentials" }]]);
    expect(policy.credentials.isOwn("x-API-key", "mine")).toBe(true);
    expect(policy.credentials.isOwn("Authorization", "mine")).toBe(false);
  });

  it("that it says beforehand is known from the first request on", () => {
    const policy = attach({ scheme: Object.assign(scheme, { fields: ["X-Api-Key"] }) });
    expect([policy.credentials.names, policy.credentials.isOwn("X-API-KEY", "")]).toEqual([["x-api-key"], true]);
  });
});

describe("a request of nobody (field line 127)", () => {
  const loggedOut = (): TokenCache => ({
    ...all.tokens,
    peek: () => undefined,
    get: () => Promise.reject(new LoginRequiredError("There is no login.")),
    status: () => ({ state: "logged-out" }) as ReturnType<TokenCache["status"]>,
  });

  it('goes without a token with loggedOut: "send", once, and is told of', async () => {
    const observe = vi.fn<(event: unknown) => void>();
    request.answer = () => ({ status: 401 });
    const answer = await sendWithToken(attach({ loggedOut: "send", observe }), loggedOut(), request);
    expect([answer, request.sent]).toEqual([{ status: 401 }, ["nothing"]]);
    expect(observe.mock.calls).toEqual([[{ type: "request-without-token", origin: "https://api.example.com", reason: "logged-out" }]]);
  });

  it("rejects otherwise, and when there is a login whose refresh fails", async () => {
    await expect(sendWithToken(attach(), loggedOut(), request)).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
    const failing = { ...loggedOut(), status: () => ({ state: "logged-in" }) as ReturnType<TokenCache["status"]> };
    await expect(sendWithToken(attach({ loggedOut: "send" }), failing, request)).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
    expect(request.sent).toEqual([]);
  });
});

describe("a replay is told of (field line 126)", () => {
  it.each([
    ["accepted", () => ({ status: 200 })],
    ["refused", () => ({ status: 401 })],
    [
      "failed",
      (): never => {
        throw new Error("socket hang up");
      },
    ],
  ])("with how it ended: %s", async (outcome, answer) => {
    await all.tokens.save(response("1"));
    const observe = vi.fn<(event: unknown) => void>();
    request.answer = (authorization) => (authorization === "Bearer access-1" ? { status: 401 } : answer());
    start({ observe });
    await give("2");
    expect(observe.mock.calls).toEqual([[{ type: "request-replayed", origin: "https://api.example.com", outcome }]]);
  });
});
