import { storeScenarios } from "@tokenflight/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Loopback } from "../servers/loopback.ts";
import { reasonNotToRun } from "../setup/programs.ts";
import { browsers, type Browser, type Tab } from "./browsers.ts";
import { servePages } from "./page-server.ts";

let pages: Loopback;
beforeAll(async () => {
  pages = await servePages(["store"]);
}, 60_000);
afterAll(() => pages.close());

describe.each(browsers)("the store of all tabs, in $name", ({ program, start }) => {
  const reason = reasonNotToRun(program);
  let browser: Browser;
  let tab: Tab;

  beforeAll(async () => {
    if (reason !== undefined) return;
    browser = await start();
    tab = await browser.open(`${pages.origin}/store.html`);
  }, 60_000);
  afterAll(() => browser?.[Symbol.asyncDispose]());

  describe.skipIf(reason !== undefined)(reason ?? "keeps the contract", () => {
    it.each(storeScenarios.flatMap(({ id, title }) => (["plain", "encrypted"] as const).map((kind) => ({ id, title, kind }))))(
      "$title ($kind)",
      async ({ id, kind }) => {
        expect(await tab.run((...given) => page.play(...given), id, kind)).toBeUndefined();
      },
    );

    it("and encrypts with a key that all tabs have and no script can read, whichever tab began", async () => {
      const [one, two] = await Promise.all([1, 2].map(() => browser.open(`${pages.origin}/store.html`)));
      // Both at once: one of them makes the key.
      const [sealed] = await Promise.all([one, two].map((opened) => (opened as Tab).run(() => page.seal("profile", "a refresh token"))));
      expect(sealed).not.toEqual(Array.from(Buffer.from("a refresh token")));
      await (two as Tab).reload();
      expect(await (two as Tab).run((given) => page.unseal("profile", given), sealed as readonly number[])).toBe("a refresh token");
      await expect((two as Tab).run((given) => page.unseal("another", given), sealed as readonly number[])).rejects.toThrow(
        "OperationError",
      );
      expect(await (one as Tab).run(() => page.readKey("profile"))).toBe("InvalidAccessError");
      await Promise.all([one?.close(), two?.close()]);
    });

    it("without a word of memory", async () => {
      expect(await tab.run(() => page.warnings)).toEqual([]);
    });
  });
});
