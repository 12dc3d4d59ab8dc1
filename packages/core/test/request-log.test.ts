import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AdapterEvent } from "../src/request/bearer-options.ts";
import { RequestLog } from "../src/request/request-log.ts";

const url = "https://api.example.com/orders?token=secret";
const origin = "https://api.example.com";

let events: AdapterEvent[] = [];
let log: RequestLog;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  events = [];
  log = new RequestLog((event) => void events.push(event));
});
afterEach(() => void vi.useRealTimers());

describe("a request whose answer a page may not see", () => {
  const asked = { url, signal: undefined };
  const unseen = new TypeError("Failed to fetch");
  const told = { type: "request-unanswered", origin };
  beforeEach(() => void vi.stubGlobal("location", { origin: "https://app.example.com" }));
  afterEach(() => void vi.unstubAllGlobals());

  it.each([unseen, Object.assign(new Error("Network Error"), { code: "ERR_NETWORK" })])("is told of once a minute: %s", (error) => {
    log.failed(asked, error);
    log.failed(asked, error);
    expect(events).toEqual([told]);
    // The clock may count from far ahead, where a sum is rounded by less than a millisecond.
    vi.advanceTimersByTime(60_001);
    log.failed(asked, error);
    expect(events).toEqual([told, told]);
  });

  it("is none where there is no page, at the page's own origin, offline, when the caller has left, and for every other error", () => {
    for (const error of [undefined, null, "text", new Error("x"), Object.assign(new Error("x"), { code: "ECONNABORTED" })])
      log.failed(asked, error);
    log.failed({ url, signal: AbortSignal.abort() }, unseen);
    for (const own of ["https://app.example.com/orders", "/orders"]) log.failed({ ...asked, url: own }, unseen);
    vi.stubGlobal("navigator", { onLine: false });
    log.failed(asked, unseen);
    vi.unstubAllGlobals();
    log.failed(asked, unseen);
    expect(events).toEqual([]);
  });
});

describe("a request without a token (field line 126)", () => {
  it("is told once a minute for each origin and reason, and each attachment by itself", () => {
    for (let times = 0; times < 5; times += 1) log.withoutToken(url, "origin");
    log.withoutToken(url, "logged-out");
    log.withoutToken("https://other.example/", "origin");
    const one = { type: "request-without-token", origin, reason: "origin" };
    expect(events).toEqual([one, { ...one, reason: "logged-out" }, { ...one, origin: "https://other.example" }]);
    new RequestLog((event) => void events.push(event)).withoutToken(url, "origin");
    expect(events[3]).toEqual(one);

    vi.advanceTimersByTime(59_999);
    log.withoutToken(url, "origin");
    expect(events).toHaveLength(4);
    vi.advanceTimersByTime(1);
    log.withoutToken(url, "origin");
    log.withoutToken(url, "origin");
    expect(events).toHaveLength(5);
  });

  it("names an origin and nothing else of its URL, whatever URL there is", () => {
    const odd = ["/relative?secret=1", "nonsense secret", "data:text/plain,secret", "https://user:secret@api.example.com/"];
    for (const given of odd) log.withoutToken(given, "origin");
    expect(JSON.stringify(events)).not.toContain("secret");
    expect(events).toEqual([
      { type: "request-without-token", origin: "unknown", reason: "origin" },
      { type: "request-without-token", origin, reason: "own-credentials" },
    ]);
  });

  it("is remembered for a thousand origins at most", () => {
    for (let index = 0; index < 1000; index += 1) log.withoutToken(`https://${index}.example/`, "origin");
    log.withoutToken("https://0.example/", "origin");
    expect(events).toHaveLength(1000);
    log.withoutToken("https://one-more.example/", "origin");
    log.withoutToken("https://0.example/", "origin");
    expect(events).toHaveLength(1002);
  });

  it("disturbs nothing when the observer throws, and needs none", () => {
    const broken = new RequestLog(() => {
      throw new Error("A broken log line.");
    });
    expect(() => broken.withoutToken(url, "origin")).not.toThrow();
    expect(() => broken.replayed(url, "accepted")).not.toThrow();
    expect(() => new RequestLog(undefined).withoutToken(undefined as unknown as string, "origin")).not.toThrow();
  });
});

it("each replay is told, with how it ended", () => {
  for (const outcome of ["accepted", "accepted", "refused", "failed"] as const) log.replayed(url, outcome);
  expect(events).toEqual(["accepted", "accepted", "refused", "failed"].map((outcome) => ({ type: "request-replayed", origin, outcome })));
});
