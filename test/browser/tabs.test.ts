import { expect, it } from "vitest";
import { noteRow } from "../faults/fault-row.ts";
import { medianAndLargest } from "../faults/milliseconds.ts";
import { isFullRun, promised, repetitions } from "../setup/repetitions.ts";
import type { Tab } from "./browsers.ts";
import { inEachBrowser } from "./in-each-browser.ts";
import { useTabs } from "./use-tabs.ts";

const group = "Tabs of a browser";
/** Calls of each tab for each token, as the page says. */
const calls = 50;
/** Milliseconds in which a logout and a change of user have to reach every tab, in the median. */
const longest = promised({ page: 100, ordinary: 500 });

inEachBrowser(
  "the tabs of one login",
  ({ name, browser }) => {
    const tabs = useTabs(browser);

    it("one token request for each generation, none with a refresh token that was used up, and every call answered with 200", async ({
      task,
    }) => {
      // Where much else runs on the machine, a request may take more than two seconds.
      const [generations, accessTokenLifetime] = isFullRun ? [10, 2] : [2, 3];
      await tabs.startWith({ accessTokenLifetime });
      const opened = await tabs.open(4);
      await tabs.logIn(opened[0]);
      const { server } = tabs.app;
      server.reset();
      // Firefox lets a tab in the background have one timer a second.
      const [count, interval] = name === "Firefox" ? [calls / 2, 900] : [calls / 5, 380];
      const least = repetitions({ ordinary: calls, full: calls * generations });
      const duration = generations * accessTokenLifetime * 1000;
      const results = await Promise.all(opened.map((one) => one.run((...given) => tab.load(...given), count, interval, duration, least)));
      const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
      const obtainedBy = (one: Tab): Promise<number> => one.run(() => tab.events.filter(({ type }) => type === "token-obtained").length);
      let obtained: number[];
      // The last refresh may be under way.
      do obtained = await Promise.all(opened.map(obtainedBy));
      while (sum(obtained) < server.stats.refreshes);
      const { refreshes, refreshTokenReuses } = server.stats;
      const counts = {
        tabs: opened.length,
        calls: sum(results.flatMap((result) => Object.values(result))),
        generations: sum(obtained),
        "token requests": refreshes,
        "refused refresh tokens": refreshTokenReuses,
        "calls without a 200": sum(
          results.flatMap((result) => Object.entries(result).map(([status, some]) => (status === "200" ? 0 : some))),
        ),
      };
      noteRow(task, {
        group,
        fault: `4 tabs call at once while access tokens of 2 s end, strict rotation: ${name}`,
        expected: "one token request for each generation, no refresh token is refused, every call is answered with 200",
        counts,
      });
      expect(results.map((result) => Object.keys(result))).toEqual(results.map(() => ["200"]));
      expect(counts).toMatchObject({ generations: refreshes, "refused refresh tokens": 0 });
      expect(refreshes).toBeGreaterThanOrEqual(generations);
      await tabs.close(...opened);
    });

    it("a logout and a change of user reach every tab at once", async ({ task }) => {
      await tabs.startWith({ accessTokenLifetime: 60 });
      const opened = await tabs.open(3);
      const [first] = opened;
      const tokens = (): Promise<(string | undefined)[]> =>
        Promise.all(opened.map((one) => one.run(() => tab.tokens.get().then(({ accessToken }) => accessToken))));
      /** Milliseconds until no tab has the token of before. */
      const reached = async (change: () => Promise<unknown>): Promise<number> => {
        const [had] = await tokens();
        await change();
        const begun = performance.now();
        const isOver = (one: Tab): Promise<boolean> => one.run((old) => tab.tokens.peek()?.accessToken !== old, had as string);
        while (!(await Promise.all(opened.map(isOver))).every(Boolean)) expect(performance.now() - begun).toBeLessThan(5000);
        return performance.now() - begun;
      };
      const runs = repetitions({ ordinary: 2, full: 20 });
      const waits: Record<"user" | "logout", number>[] = [];
      for (let run = 0; run < runs; run += 1) {
        await tabs.logIn(first);
        const user = await reached(() => tabs.logIn(first));
        expect(new Set(await tokens()).size).toBe(1);
        waits.push({ user, logout: await reached(() => first.run(() => tab.tokens.forget())) });
      }
      const ofLogout = medianAndLargest(waits.map((one) => one.logout));
      const ofLogin = medianAndLargest(waits.map((one) => one.user));
      noteRow(task, {
        group,
        fault: `a user logs out in one tab, or another one logs in: ${name}`,
        expected: "no tab sends the token of before a tenth of a second later (median)",
        counts: {
          tabs: opened.length,
          runs,
          "median wait after a logout, ms": ofLogout.median,
          "longest, ms": ofLogout.largest,
          "median wait after another user's login, ms": ofLogin.median,
          "its longest, ms": ofLogin.largest,
        },
      });
      expect(Math.max(ofLogout.median, ofLogin.median)).toBeLessThan(longest);
      expect(Math.max(ofLogout.largest, ofLogin.largest)).toBeLessThan(2000);
      await tabs.close(...opened);
    });

    it("storage that is cleared while it is in use is no logout: who holds the login writes it again", async () => {
      const [first, other] = (await tabs.open(2)) as [Tab, Tab];
      await tabs.logIn(first);
      await first.run(() => tab.send(1));
      await first.run(
        (database) =>
          new Promise<void>((resolve, reject) => {
            const request = indexedDB.deleteDatabase(database);
            request.onsuccess = () => resolve();
            request.onerror = () => reject(request.error as Error);
          }),
        tabs.options.store,
      );
      const { server } = tabs.app;
      server.revokeAccessToken(await first.run(() => tab.tokens.get().then(({ accessToken }) => accessToken)));
      await first.run(() => tab.send(5));
      await other.run(() => tab.send(5));
      expect(await first.run(() => tab.results)).toEqual({ 200: 6 });
      expect(await other.run(() => tab.results)).toEqual({ 200: 5 });
      expect(server.stats.refreshTokenReuses).toBe(0);
      await tabs.close(first, other);
    });
  },
  isFullRun ? 200_000 : 60_000,
);
