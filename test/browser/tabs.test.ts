import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Loopback } from "../servers/loopback.ts";
import { reasonNotToRun } from "../setup/programs.ts";
import { startApp, type App } from "./app.ts";
import { browsers, type Browser, type Tab } from "./browsers.ts";
import { servePages } from "./page-server.ts";
import type { TabOptions } from "./pages/tab.ts";

let pages: Loopback;
beforeAll(async () => {
  pages = await servePages("tab");
}, 60_000);
afterAll(() => pages.close());

describe.each(browsers)("the tabs of one login, in $name", ({ program, start }) => {
  const reason = reasonNotToRun(program);
  let browser: Browser;
  let app: App;
  let options: TabOptions;

  beforeAll(async () => {
    if (reason !== undefined) return;
    browser = await start();
  }, 60_000);
  afterAll(() => browser?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    app = await startApp();
    options = app.options();
    return () => app[Symbol.asyncDispose]();
  });

  const openTab = async (): Promise<Tab> => {
    const opened = await browser.open(`${pages.origin}/tab.html`);
    await opened.run((given) => tab.start(given), options);
    return opened;
  };
  const openTabs = (count: number): Promise<Tab[]> => Promise.all(Array.from({ length: count }, openTab));
  const logIn = async (opened: Tab): Promise<void> => {
    await opened.run(async (refresh_token) => void (await tab.tokens.save({ refresh_token })), await app.logIn());
  };

  describe.skipIf(reason !== undefined)(reason ?? "share its refreshes", { timeout: 60_000 }, () => {
    it("one token request for each generation, none with a refresh token that was used up, and every call answered with 200", async () => {
      const tabs = await openTabs(4);
      await logIn(tabs[0] as Tab);
      app.server.reset();
      const results = await Promise.all(tabs.map((opened) => opened.run((...given) => tab.load(...given), 10, 400, 20_000)));
      const { stats } = app.server;
      console.log(results, stats);
      expect(results.map((result) => Object.keys(result))).toEqual(results.map(() => ["200"]));
      expect(stats).toMatchObject({ refreshTokenReuses: 0 });
      const obtained = await Promise.all(
        tabs.map((opened) => opened.run(() => tab.events.filter(({ type }) => type === "token-obtained").length)),
      );
      expect(obtained.reduce((sum, one) => sum + one, 0)).toBe(stats.refreshes);
      expect(stats.refreshes).toBeGreaterThanOrEqual(10);
      await Promise.all(tabs.map((opened) => opened.close()));
    });
  });
});
