import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Loopback } from "../servers/loopback.ts";
import { reasonNotToRun } from "../setup/programs.ts";
import { startApp, type App } from "./app.ts";
import { browsers, type Browser, type Tab } from "./browsers.ts";
import { servePages } from "./page-server.ts";
import type { TabOptions } from "./pages/tab.ts";

let pages: Loopback;
beforeAll(async () => {
  pages = await servePages(["tab", "worker"]);
}, 60_000);
afterAll(() => pages.close());

describe.each(browsers)("refreshes in a service worker, in $name", ({ program, start }) => {
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
    const { tokenEndpoint, clientId, store, api } = app.options();
    options = {
      tokenEndpoint,
      clientId,
      store,
      api,
      worker: `/worker.js?${String(new URLSearchParams({ tokenEndpoint, clientId, store }))}`,
    };
    return () => app[Symbol.asyncDispose]();
  });

  const begin = async (opened: Tab): Promise<string | undefined> =>
    opened.run((given) => {
      tab.start(given);
      return tab.tokens.place;
    }, options);
  const openTab = async (): Promise<Tab> => {
    const opened = await browser.open(`${pages.origin}/tab.html`);
    expect(await begin(opened)).toBe("worker");
    return opened;
  };
  const logIn = async (opened: Tab): Promise<void> => {
    await opened.run(async (refresh_token) => void (await tab.tokens.save({ refresh_token })), await app.logIn());
  };

  describe.skipIf(reason !== undefined)(reason ?? "serve every page", { timeout: 90_000 }, () => {
    it("at its first load, with one token request for an expired and one for a refused token, and no refresh token in the page", async () => {
      const opened = await openTab();
      await logIn(opened);
      app.server.reset();
      await opened.run(() => tab.send(50));
      const first = await opened.run(async () => (await tab.tokens.get()).accessToken);
      app.server.revokeAccessToken(first);
      await opened.run(() => tab.send(50));
      expect(await opened.run(() => tab.results)).toEqual({ 200: 100 });
      expect(app.server.stats).toMatchObject({ refreshes: 2, refreshTokenReuses: 0 });
      expect(await opened.run(async () => (await tab.tokens.get()).refreshToken ?? "none")).toBe("none");
      await opened.close();
    });

    it("that reloads in the middle, and loses nothing", async () => {
      const [reloading, other] = [await openTab(), await openTab()];
      await logIn(other);
      app.server.reset();
      const load = other.run((...given) => tab.load(...given), 5, 200, 20_000);
      for (let round = 0; round < 15; round += 1) {
        await begin(reloading);
        await reloading.run(() => void tab.send(10));
        await new Promise((resolve) => setTimeout(resolve, 500 + 30 * round));
        await reloading.reload();
      }
      const results = await load;
      console.log(results, app.server.stats);
      expect(app.server.stats).toMatchObject({ refreshTokenReuses: 0, familiesRevoked: 0 });
      expect(Object.keys(results)).toEqual(["200"]);
      await Promise.all([reloading.close(), other.close()]);
    });
  });
});
