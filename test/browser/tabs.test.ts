import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Loopback } from "../servers/loopback.ts";
import { startApp, type App } from "./app.ts";
import type { Tab } from "./browsers.ts";
import { inEachBrowser } from "./in-each-browser.ts";
import { servePages } from "./page-server.ts";
import type { TabOptions } from "./pages/tab.ts";

const isFull = process.env["TOKENFLIGHT_FULL"] === "1";

inEachBrowser(
  "the tabs of one login",
  ({ name, browser }) => {
    let pages: Loopback;
    let app: App;
    let options: TabOptions;

    beforeAll(async () => {
      pages = await servePages(["tab"]);
    }, 60_000);
    afterAll(() => pages.close());
    const startWith = async (given?: Parameters<typeof startApp>[0]): Promise<void> => {
      await app?.[Symbol.asyncDispose]();
      app = await startApp(given);
      options = app.options();
    };
    beforeEach(() => startWith());
    afterAll(() => app?.[Symbol.asyncDispose]());

    const openTab = async (): Promise<Tab> => {
      const opened = await browser.open(`${pages.origin}/tab.html`);
      await opened.run((given) => tab.start(given), options);
      return opened;
    };
    const openTabs = (count: number): Promise<Tab[]> => Promise.all(Array.from({ length: count }, openTab));
    const close = (...tabs: Tab[]): Promise<unknown> => Promise.all(tabs.map((opened) => opened.close()));
    const logIn = async (opened: Tab): Promise<void> => {
      await opened.run(async (refresh_token) => void (await tab.tokens.save({ refresh_token })), await app.logIn());
    };

    it("one token request for each generation, none with a refresh token that was used up, and every call answered with 200", async () => {
      // Where much else runs on the machine, a request may take more than two seconds.
      const [generations, accessTokenLifetime] = isFull ? [10, 2] : [2, 4];
      await startWith({ accessTokenLifetime });
      const tabs = await openTabs(4);
      await logIn(tabs[0] as Tab);
      app.server.reset();
      // 50 calls of each tab in two seconds. Firefox lets a tab in the background have one timer a second.
      const [count, interval] = name === "Firefox" ? [25, 900] : [10, 400];
      const duration = generations * accessTokenLifetime * 1000;
      const results = await Promise.all(tabs.map((opened) => opened.run((...given) => tab.load(...given), count, interval, duration)));
      const { stats } = app.server;
      console.log(`${name}: ${stats.refreshes} token requests of 4 tabs in ${duration / 1000} s`, results);
      expect(results.map((result) => Object.keys(result))).toEqual(results.map(() => ["200"]));
      expect(stats).toMatchObject({ refreshTokenReuses: 0 });
      const obtained = await Promise.all(
        tabs.map((opened) => opened.run(() => tab.events.filter(({ type }) => type === "token-obtained").length)),
      );
      expect(obtained.reduce((sum, one) => sum + one, 0)).toBe(stats.refreshes);
      expect(stats.refreshes).toBeGreaterThanOrEqual(generations);
      await close(...tabs);
    });

    it.each(["never", "always"] as const)(
      "a tab that is closed in the middle of a refresh costs the others a moment (rotation: %s)",
      async (rotate) => {
        await startWith({ rotate, accessTokenLifetime: 60 });
        const [other] = (await openTabs(1)) as [Tab];
        const waits: number[] = [];
        const outcomes: Record<string, number> = {};
        await logIn(other);
        for (let round = 0; round < (isFull ? 30 : 2); round += 1) {
          const [closing] = (await openTabs(1)) as [Tab];
          await other.run(() => tab.send(1));
          const used = Promise.withResolvers<void>();
          const closed = Promise.withResolvers<void>();
          // The server has used the refresh token up when the tab goes, and its answer reaches nobody.
          app.server.faults.next(async (_, carryOut) => {
            const answer = await carryOut();
            used.resolve();
            await closed.promise;
            return answer;
          });
          await closing.run(async () => void tab.tokens.renew(await tab.tokens.get()).catch(() => {}));
          await used.promise;
          // Begins to wait before the tab is closed.
          await other.run(() => {
            tab.outcome = tab.tokens
              .get()
              .then((tokenSet) => tab.tokens.renew(tokenSet))
              .then(
                () => ["a token", performance.now()],
                ({ code }) => [code, performance.now()],
              );
          });
          const before = await other.run(() => performance.now());
          await closing.close();
          const [outcome, after] = await other.run(() => tab.outcome as Promise<[string, number]>);
          closed.resolve();
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
          waits.push(after - before);
          if (outcome !== "a token") await logIn(other);
        }
        console.log(
          `${name}, rotation ${rotate}: tabs closed in the middle of a refresh`,
          outcomes,
          `longest wait ${Math.max(...waits)} ms`,
        );
        expect(Object.keys(outcomes)).toEqual([rotate === "never" ? "a token" : "ERR_LOGIN_REQUIRED"]);
        expect(Math.max(...waits)).toBeLessThan(1500);
        await close(other);
      },
    );

    it.each(["never", "always"] as const)(
      "a tab that reloads again and again ends the login only where an answer went with it (rotation: %s)",
      async (rotate) => {
        await startWith({ rotate, accessTokenLifetime: isFull ? 2 : 60 });
        const [reloading, other] = (await openTabs(2)) as [Tab, Tab];
        await logIn(other);
        app.server.reset();
        const end = performance.now() + (isFull ? 60_000 : 0);
        let [reloads, lost] = [0, 0];
        for (; reloads < 4 || performance.now() < end; reloads += 1) {
          // A short run does not wait for the end of a token.
          if (!isFull) app.server.revokeAccessToken(await other.run(() => tab.tokens.get().then(({ accessToken }) => accessToken)));
          await reloading.run((given) => tab.start(given), options);
          await reloading.run(() => void tab.send(5));
          await sleep(isFull ? 450 + 50 * (reloads % 10) : 20 * reloads);
          await reloading.reload();
          await other.run(() => tab.send(5));
          const error = await other.run(() =>
            tab.tokens.get().then(
              () => undefined,
              ({ code }) => String(code),
            ),
          );
          if (error === undefined) continue;
          expect(error).toBe("ERR_LOGIN_REQUIRED");
          lost += 1;
          await logIn(other);
        }
        const { refreshes, refreshTokenReuses } = app.server.stats;
        console.log(`${name}, rotation ${rotate}: ${reloads} reloads, ${refreshes} token requests, ${lost} logins lost`);
        expect(lost).toBeLessThanOrEqual(rotate === "never" ? 0 : refreshTokenReuses);
        expect(refreshTokenReuses).toBe(lost);
        await close(reloading, other);
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
      await close(...tabs);
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
      app.server.revokeAccessToken(await first.run(() => tab.tokens.get().then(({ accessToken }) => accessToken)));
      await first.run(() => tab.send(5));
      await other.run(() => tab.send(5));
      expect(await first.run(() => tab.results)).toEqual({ 200: 6 });
      expect(await other.run(() => tab.results)).toEqual({ 200: 5 });
      expect(app.server.stats.refreshTokenReuses).toBe(0);
      await close(first, other);
    });
  },
  isFull ? 200_000 : 60_000,
);
