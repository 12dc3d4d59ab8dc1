import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Loopback } from "../servers/loopback.ts";
import { reasonNotToRun } from "../setup/programs.ts";
import { startApp, type App } from "./app.ts";
import { browsers, type Browser, type Tab } from "./browsers.ts";
import { servePages } from "./page-server.ts";
import type { TabOptions } from "./pages/tab.ts";

let pages: Loopback;
beforeAll(async () => {
  pages = await servePages(["tab"]);
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
      expect(results.map((result) => Object.keys(result))).toEqual(results.map(() => ["200"]));
      expect(stats).toMatchObject({ refreshTokenReuses: 0 });
      const obtained = await Promise.all(
        tabs.map((opened) => opened.run(() => tab.events.filter(({ type }) => type === "token-obtained").length)),
      );
      expect(obtained.reduce((sum, one) => sum + one, 0)).toBe(stats.refreshes);
      expect(stats.refreshes).toBeGreaterThanOrEqual(10);
      await Promise.all(tabs.map((opened) => opened.close()));
    });

    it.each(["never", "always"] as const)(
      "a tab that is closed in the middle of a refresh costs the others a moment (rotation: %s)",
      async (rotate) => {
        await app[Symbol.asyncDispose]();
        app = await startApp({ rotate });
        options = app.options();
        const [closing, other] = (await openTabs(2)) as [Tab, Tab];
        await logIn(other);
        const waits: number[] = [];
        const outcomes: string[] = [];
        for (let round = 0; round < 3; round += 1) {
          const asked = Promise.withResolvers<void>();
          // The server has used the refresh token up when the tab goes, and its answer reaches nobody.
          app.server.faults.next(async (_, carryOut) => {
            const answer = await carryOut();
            asked.resolve();
            await new Promise((resolve) => setTimeout(resolve, 5000));
            return answer;
          });
          const tabOfRound = round === 0 ? closing : await openTab();
          await tabOfRound.run(() => void tab.send(1));
          await asked.promise;
          const outcome = other.run(async () => {
            const before = performance.now();
            const code = await tab.tokens.get().then(
              () => "a token",
              (error: { code: string }) => error.code,
            );
            return [code, performance.now() - before] as const;
          });
          await new Promise((resolve) => setTimeout(resolve, 200));
          await tabOfRound.close();
          const [code, waited] = await outcome;
          outcomes.push(code);
          waits.push(waited - 200);
          if (code !== "a token") await logIn(other);
          else await new Promise((resolve) => setTimeout(resolve, 2000));
        }
        console.log(outcomes, waits);
        expect(new Set(outcomes)).toEqual(new Set([rotate === "never" ? "a token" : "ERR_LOGIN_REQUIRED"]));
        expect(Math.max(...waits)).toBeLessThan(1000);
        await other.close();
      },
    );

    it("a logout and a change of user reach every tab at once", async () => {
      const tabs = await openTabs(3);
      const [first, ...others] = tabs as [Tab, ...Tab[]];
      await logIn(first);
      await Promise.all(tabs.map((opened) => opened.run(() => tab.send(1))));
      const reached = async (change: () => Promise<unknown>, isThere: (opened: Tab) => Promise<boolean>): Promise<number> => {
        await change();
        const begun = performance.now();
        while (!(await Promise.all(others.map(isThere))).every(Boolean)) if (performance.now() - begun > 5000) break;
        return performance.now() - begun;
      };
      const had = await first.run(() => tab.tokens.peek()?.accessToken);
      expect(had).toBeDefined();
      const logout = await reached(
        () => first.run(() => tab.tokens.forget()),
        (opened) => opened.run(() => tab.tokens.peek() === undefined),
      );
      await logIn(first);
      const change = await reached(
        () => first.run(async () => void (await tab.tokens.get())),
        (opened) => opened.run(async () => (await tab.tokens.reread()) !== undefined),
      );
      console.log(`logout ${logout} ms, another user ${change} ms`);
      expect([logout < 500, change < 500]).toEqual([true, true]);
      const now = await Promise.all(tabs.map((opened) => opened.run(() => tab.tokens.peek()?.accessToken)));
      expect(new Set(now).size).toBe(1);
      expect(now[0]).not.toBe(had);
      await Promise.all(tabs.map((opened) => opened.close()));
    });

    it("storage that is cleared while it is in use is no logout: who holds the login writes it again", async () => {
      const [first, other] = (await openTabs(2)) as [Tab, Tab];
      await logIn(first);
      await first.run(() => tab.send(1));
      await first.run(
        (name) =>
          new Promise<void>((resolve, reject) => {
            const request = indexedDB.deleteDatabase(name);
            request.onsuccess = () => resolve();
            request.onerror = () => reject(request.error as Error);
          }),
        options.store,
      );
      await new Promise((resolve) => setTimeout(resolve, 2500));
      await first.run(() => tab.send(5));
      await other.run(() => tab.send(5));
      expect(await first.run(() => tab.results)).toEqual({ 200: 6 });
      expect(await other.run(() => tab.results)).toEqual({ 200: 5 });
      expect(app.server.stats.refreshTokenReuses).toBe(0);
      await Promise.all([first.close(), other.close()]);
    });
  });
});
