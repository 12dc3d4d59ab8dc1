import { InvalidOptionError, memoryStore } from "@tokenflight/core";
import { afterEach, expect, it, vi } from "vitest";
import { refreshOnce, type RefreshOnceOptions } from "../src/index.ts";

afterEach(() => vi.unstubAllGlobals());

const store = memoryStore();

it.each([
  ["nothing", undefined, "refreshOnce"],
  ["no store", {}, "store"],
  ["null for a store", { store: null }, "store"],
  ["a store without methods", { store: {} }, "store"],
  ["a store that only reads", { store: { read() {} } }, "store"],
  ["an unknown option", { store, kep: 1 }, "refreshOnce.kep"],
  ["a text for seconds", { store, keep: "60" }, "keep"],
  ["no time at all", { store, keep: 0 }, "keep"],
  ["a time in milliseconds", { store, keep: 86_400_000 }, "keep"],
  ["a timeout of zero", { store, timeouts: { request: 0 } }, "timeouts.request"],
  ["an unknown timeout", { store, timeouts: { fetch: 1 } }, "timeouts.fetch"],
  ["an observer that is no function", { store, observe: {} }, "observe"],
  ["a keepAlive that is no function", { store, keepAlive: 1 }, "keepAlive"],
  ["a clock that is none", { store, clock: {} }, "clock"],
])("%s is an InvalidOptionError, at construction", (_, options, option) => {
  expect(() => refreshOnce(options as unknown as RefreshOnceOptions)).toThrow(InvalidOptionError);
  expect(() => refreshOnce(options as unknown as RefreshOnceOptions)).toThrow(expect.objectContaining({ option }) as Error);
});

it.each([undefined, null, "fetch", {}])("%s in place of a fetch function is an InvalidOptionError", (given) => {
  expect(() => refreshOnce({ store })(given as unknown as typeof fetch)).toThrow(expect.objectContaining({ option: "fetch" }) as Error);
});

it("refuses to be wrapped twice", () => {
  const once = refreshOnce({ store })(fetch);
  expect(() => refreshOnce({ store: memoryStore() })(once)).toThrow(InvalidOptionError);
});

it("refuses a platform without crypto.subtle, with any store", () => {
  vi.stubGlobal("crypto", { getRandomValues: () => {} });
  expect(() => refreshOnce({ store })).toThrow(expect.objectContaining({ option: "refreshOnce" }) as Error);
});

it("keeps name and length of the function that it wraps, which stays as it was", () => {
  const named = async (_input: string, _init?: RequestInit): Promise<Response> => new Response();
  const once = refreshOnce({ store })(named);
  expect([once.name, once.length]).toEqual(["named", 2]);
  expect(once).not.toBe(named);
});
