import { connectTokens, indexedDbStore, loginByRedirect, serveTokens } from "@tokenflight/browser";
import { createTokenCache, InvalidOptionError } from "@tokenflight/core";
import { describe, expect, it, vi } from "vitest";

const fallback = () => createTokenCache({ source: async () => ({ access_token: "a-1" }) });

/** What takes the option `warn`. */
const takers: Record<string, (warn: never) => unknown> = {
  indexedDbStore: (warn) => indexedDbStore({ name: "tokens", warn }),
  connectTokens: (warn) => connectTokens({ worker: "/worker.js", fallback, warn }),
};

describe.each(Object.entries(takers))("warn of %s", (_, take) => {
  it.each([null, true, "console", {}, 0])("is refused at once when it is %o", (warn) => {
    expect(() => take(warn as never)).toThrow(InvalidOptionError);
    expect(() => take(warn as never)).toThrow(/^warn: expected a function/);
  });

  it.each([() => {}, undefined])("may be %o", (warn) => {
    expect(() => take(warn as never)).not.toThrow();
  });
});

describe.each([null, {}, { authorizationUrl: async () => ({}) }])("a client that is %o", (client) => {
  it("is refused at once", () => {
    const tokens = fallback();
    for (const take of [
      () => connectTokens({ worker: "/worker.js", fallback, client: client as never }),
      () => serveTokens(tokens, { client: client as never }),
      () => loginByRedirect(client as never, { redirectUri: "https://app.example.com/callback" }),
    ])
      expect(take).toThrow(InvalidOptionError);
  });
});

describe("a page whose worker cannot be used", () => {
  const lost = new Error("The script could not be loaded.");
  /** A browser that has service workers, and does not load this one. */
  const connect = async (warn?: (warning: { message: string; cause: unknown }) => void): Promise<string> => {
    vi.stubGlobal("navigator", { serviceWorker: { register: () => Promise.reject(lost), addEventListener() {} } });
    try {
      return await connectTokens({ worker: "/worker.js", fallback, warn }).place;
    } finally {
      vi.unstubAllGlobals();
    }
  };

  it("tells the option, and goes on when that throws", async () => {
    const told: unknown[] = [];
    const place = await connect((warning) => {
      told.push(warning);
      throw new Error("thrown by the program");
    });
    expect([place, told]).toEqual(["page", [{ code: "no-worker", message: expect.stringContaining("service worker"), cause: lost }]]);
  });

  it("tells the console without one", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(await connect()).toBe("page");
    expect(warned.mock.calls).toEqual([[expect.stringContaining("service worker"), lost]]);
    warned.mockRestore();
  });
});
