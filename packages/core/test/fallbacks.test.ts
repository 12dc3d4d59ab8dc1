import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseUrl } from "../src/platform/fallbacks.ts";
import { randomId } from "../src/platform/random-id.ts";
import { anySignal } from "../src/platform/signals.ts";
import { createScope } from "../src/platform/scope.ts";
import { createOriginCheck } from "../src/request/origins.ts";
import { storeKey } from "../src/store/store.ts";

/** What takes functions away, as where they have never been, puts them back. */
const putBack: (() => void)[] = [];

function takeAway(holder: object, name: string): void {
  const before = Object.getOwnPropertyDescriptor(holder, name);
  Object.defineProperty(holder, name, { value: undefined, configurable: true });
  putBack.push(() => (before === undefined ? Reflect.deleteProperty(holder, name) : Object.defineProperty(holder, name, before)));
}

afterEach(() => {
  while (putBack.length > 0) putBack.pop()?.();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe.each(["with", "without"])("%s what browsers and pages may lack (field line 134)", (how) => {
  const lacking = (holder: object, name: string): void => void (how === "without" && takeAway(holder, name));

  it("URLs are read", () => {
    lacking(URL, "parse");
    expect(parseUrl("https://A.example:443/x?y#z")?.href).toBe("https://a.example/x?y#z");
    expect(parseUrl("x", "https://a.example/b/c")?.href).toBe("https://a.example/b/x");
    for (const wrong of ["", "x", "//a.example", "https://", "https://a b"]) expect(parseUrl(wrong), wrong).toBeNull();
    expect(parseUrl("x", "nothing")).toBeNull();
  });

  it("the first signal that aborts counts, with its reason", () => {
    lacking(AbortSignal, "any");
    const [first, second] = [new AbortController(), new AbortController()];
    const any = anySignal([first.signal, second.signal]);
    expect(any.aborted).toBe(false);
    second.abort("second");
    expect([any.aborted, any.reason]).toEqual([true, "second"]);
    const over = anySignal([new AbortController().signal, AbortSignal.abort("before")]);
    expect([over.aborted, over.reason]).toEqual([true, "before"]);
  });

  it.each(["randomUUID", "randomUUID getRandomValues"])("names are never the same: %s", (missing) => {
    for (const name of missing.split(" ")) lacking(crypto, name);
    const made = Array.from({ length: 1000 }, randomId);
    expect(new Set(made).size).toBe(1000);
    expect(made.every((name) => name.replaceAll("-", "").length === 32)).toBe(true);
  });
});

it("signals without AbortSignal.any leave no listener behind on those that have not aborted", () => {
  takeAway(AbortSignal, "any");
  const [lasting, short] = [new AbortController().signal, new AbortController()];
  const added = vi.spyOn(lasting, "addEventListener");
  const any = anySignal([lasting, short.signal]);
  short.abort();
  const { signal } = added.mock.calls[0]?.[2] as AddEventListenerOptions;
  expect([signal?.aborted, any.aborted]).toEqual([true, true]);
});

it("a store on a page over http, where nothing can be hashed, is an error that says so (field line 134)", async () => {
  takeAway(crypto, "subtle");
  await expect(storeKey("identity", "key")).rejects.toMatchObject({ code: "ERR_INVALID_OPTION", option: "storeKey" });
});

it.each([
  ["whole", () => {}, true],
  [
    "one whose members throw",
    (): void =>
      void vi.spyOn(URL.prototype, "origin", "get").mockImplementation(() => {
        throw new Error("not implemented");
      }),
    false,
  ],
  ["none", (): void => void vi.stubGlobal("URL", undefined), false],
])("who may have a token is asked only of a URL that can say where it leads: %s", (_, prepare, isWhole) => {
  prepare();
  const create = (): unknown => createOriginCheck("https://api.example");
  if (isWhole) expect(create).not.toThrow();
  else expect(create).toThrow(expect.objectContaining({ code: "ERR_INVALID_OPTION", option: "origins" }));
});

describe("who calls is known (field line 134)", () => {
  it("by the global AsyncLocalStorage of an edge runtime, whose process throws when it is asked for Node's modules", async () => {
    vi.spyOn(process, "getBuiltinModule").mockImplementation(() => {
      throw new Error("A Node.js API is used which is not supported in the Edge Runtime.");
    });
    const unknown = createScope<string>();
    expect(unknown.run("alice", () => unknown.current())).toBeUndefined();

    vi.stubGlobal("AsyncLocalStorage", AsyncLocalStorage);
    const scope = createScope<string>();
    const seen = scope.run("alice", async () => {
      await Promise.resolve();
      return scope.current();
    });
    expect([await seen, scope.current()]).toEqual(["alice", undefined]);
  });
});
