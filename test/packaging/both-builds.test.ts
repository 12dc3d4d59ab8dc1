import type * as axios from "@tokenflight/axios";
import type * as core from "@tokenflight/core";
import type * as fetchAdapter from "@tokenflight/fetch";
import type * as got from "@tokenflight/got";
import type * as ky from "@tokenflight/ky";
import type * as oauth from "@tokenflight/oauth";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, inject, it } from "vitest";

interface Build {
  readonly name: string;
  readonly core: typeof core;
  readonly oauth: typeof oauth;
  readonly axios: typeof axios;
  readonly fetch: typeof fetchAdapter;
  readonly got: typeof got;
  readonly ky: typeof ky;
}

const folder = inject("installed");
const names = ["core", "oauth", "axios", "fetch", "got", "ky"];
const require = createRequire(join(folder, "program.cjs"));
const load = async (name: string): Promise<unknown> =>
  import(pathToFileURL(join(folder, "node_modules/@tokenflight", name, "dist/index.js")).href);
const modules = async (get: (name: string) => unknown): Promise<object> =>
  Object.fromEntries(await Promise.all(names.map(async (name) => [name, await get(name)] as const)));

const imported = { name: "ES", ...(await modules(load)) } as Build;
const required = { name: "CommonJS", ...(await modules((name) => require(`@tokenflight/${name}`))) } as Build;

const never = async (): Promise<never> => Promise.reject(new Error("not asked"));

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Attaches with the build `by` what was already attached. */
const second: Record<"axios" | "fetch" | "got" | "ky", (first: Build, by: Build) => void> = {
  axios(first, by) {
    const api = require("axios").create({ baseURL: "https://api.example" });
    first.axios.attachBearer(api, first.core.createTokenCache({ source: never }));
    by.axios.attachBearer(api, by.core.createTokenCache({ source: never }));
  },
  fetch(first, by) {
    const origins = "https://api.example";
    const once = first.fetch.bearer(first.core.createTokenCache({ source: never }), { origins })(fetch);
    by.fetch.bearer(by.core.createTokenCache({ source: never }), { origins })(once);
  },
  got(first, by) {
    const origins = "https://api.example";
    const { default: got } = require("got");
    const once = got.extend(first.got.bearer(first.core.createTokenCache({ source: never }), { origins }));
    once.extend(by.got.bearer(by.core.createTokenCache({ source: never }), { origins }));
  },
  ky(first, by) {
    const origins = "https://api.example";
    const { default: ky } = require("ky");
    const once = ky.extend(first.ky.bearer(first.core.createTokenCache({ source: never }), { origins }));
    once.extend(by.ky.bearer(by.core.createTokenCache({ source: never }), { origins }));
  },
};

it("there are two builds", () => {
  expect(imported.core.TokenSet).not.toBe(required.core.TokenSet);
});

describe.each([
  [imported, required],
  [required, imported],
])("what belongs to one build is known to the other", (one, other) => {
  describe(`${one.name}, then ${other.name}`, () => {
    it.each(Object.entries(second))("a second attach is refused: %s", (_name, attach) => {
      const error = caught(() => attach(one, other)) as Error;
      expect([error.message, (error as { code?: unknown }).code]).toEqual([
        expect.stringContaining("without bearer tokens"),
        "ERR_INVALID_OPTION",
      ]);
      for (const { core } of [one, other])
        expect([core.TokenflightError.is(error), error instanceof core.InvalidOptionError]).toEqual([true, true]);
    });

    it("a token set is saved, and a source may give it", async () => {
      const tokenSet = new one.core.TokenSet({
        accessToken: "a-1",
        tokenType: "Bearer",
        issuedAt: Date.now(),
        refreshToken: "r-1",
        extra: { sid: "s-1" },
      });
      const saved = other.core.createTokenCache({ source: never });
      await saved.save(tokenSet);
      const given = other.core.createTokenCache({ source: async () => tokenSet });
      for (const { accessToken, refreshToken, extra } of [await saved.get(), await given.get()])
        expect({ accessToken, refreshToken, extra: { ...extra } }).toEqual({
          accessToken: "a-1",
          refreshToken: "r-1",
          extra: { sid: "s-1" },
        });
      expect(tokenSet instanceof other.core.TokenSet).toBe(true);
      expect({} instanceof other.core.TokenSet).toBe(false);
    });

    it("a judgement that looks into bodies is known to be one", () => {
      expect(other.core.looksIntoBodies(one.core.refusedBy(() => true))).toBe(true);
      expect(other.core.looksIntoBodies(() => true)).toBe(false);
    });

    it("a global fetch function that leads from one to the other, and back, sends once", async () => {
      const sent: (string | null)[] = [];
      const platform = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
        sent.push(new Headers(init?.headers ?? (input as Request).headers).get("authorization"));
        return new Response("tea");
      };
      const given = globalThis.fetch;
      globalThis.fetch = platform;
      try {
        const [inner, outer] = [one, other].map(({ core, fetch: adapter }, index) => {
          const tokens = core.createTokenCache({ source: async () => ({ access_token: `a-${index}` }) });
          return adapter.bearer(tokens, { origins: `https://${index}.example` })(globalThis.fetch);
        });
        // An instrumentation, which takes its time.
        globalThis.fetch = async (input, init) => {
          await Promise.resolve();
          return (inner as typeof fetch)(input, init);
        };
        for (const index of [0, 1]) await (outer as typeof fetch)(`https://${index}.example/`);
        expect(sent).toEqual(["Bearer a-0", "Bearer a-1"]);
      } finally {
        globalThis.fetch = given;
      }
    });

    it("the failure of a source decides what follows", async () => {
      const throttled = new one.core.TokenRequestError("throttled", "Too many.", { retryAfter: 60_000 });
      const over = new one.core.LoginRequiredError("Log in again.");
      for (const [failure, status] of [
        [throttled, { loginRequired: false }],
        [over, { loginRequired: true }],
      ] as const) {
        const tokens = other.core.createTokenCache({ source: async () => Promise.reject(failure) });
        const error = await tokens.get().catch((reason: unknown) => reason);
        expect((error as { code?: string }).code).toBe(failure.code);
        expect(error instanceof one.core.TokenflightError && error instanceof other.core.TokenflightError).toBe(true);
        expect((await tokens.get().catch((reason: unknown) => reason)) instanceof one.core.LoginRequiredError).toBe(status.loginRequired);
      }
    });

    it("sources that would wait for each other are told so", async () => {
      const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const caches: { get(): Promise<unknown> }[] = [];
      const source = (own: number, next: number) => async (): Promise<never> => {
        begun[own]?.resolve();
        await begun[next]?.promise;
        await caches[next]?.get();
        throw new Error("It did not wait.");
      };
      caches.push(one.core.createTokenCache({ source: source(0, 1) }), other.core.createTokenCache({ source: source(1, 0) }));
      const errors = await Promise.all(caches.map((cache) => cache.get().catch((reason: unknown) => reason)));
      expect(errors.map((error) => (error as { code?: string }).code)).toContain("ERR_REENTRANT_REFRESH");
    });

    it("caches of one entry hear of each other's logins, in a store that tells nobody", async () => {
      const { watch: _watch, watchAll: _watchAll, ...store } = one.core.memoryStore();
      const make = ({ core }: Build) => core.createTokenCache({ source: never, store, key: "ada", identity: "app" });
      const [first, then] = [make(one), make(other)];
      await first.save({ access_token: "a-1", expires_in: 3600 });
      expect((await then.get()).accessToken).toBe("a-1");
      await first.save({ access_token: "a-2", expires_in: 3600 });
      expect(then.peek()?.accessToken).toBe("a-2");
    });
  });
});

it("what is loaded late is there from the start by an entry of its own, in both builds", async () => {
  const eager = await import(pathToFileURL(join(folder, "node_modules/@tokenflight/core/dist/request/fetch/eager.js")).href);
  expect([Object.keys(eager as object), Object.keys(require("@tokenflight/core/eager") as object)]).toEqual([[], []]);
});

it("a class that is derived from one of ours knows its own objects", () => {
  for (const { core } of [imported, required]) {
    class OwnError extends core.TokenflightError {}
    const own = new OwnError("ERR_CLOSED", "Closed.");
    expect([own instanceof OwnError, own instanceof core.TokenflightError, own instanceof core.StoreError]).toEqual([true, true, false]);
    expect(new core.TokenflightError("ERR_CLOSED", "Closed.") instanceof OwnError).toBe(false);
  }
});

it("an error of a login is one of the other build's", () => {
  const error = new imported.oauth.LoginError("expired", "Too late.");
  expect([error instanceof required.oauth.LoginError, error instanceof required.core.TokenflightError]).toEqual([true, true]);
  expect(new imported.core.TokenflightError("ERR_CLOSED", "Closed.") instanceof required.oauth.LoginError).toBe(false);
});
