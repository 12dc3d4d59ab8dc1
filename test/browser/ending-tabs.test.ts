import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { noteRow } from "../faults/fault-row.ts";
import { medianAndLargest } from "../faults/milliseconds.ts";
import { isFullRun, promised, repetitions } from "../setup/repetitions.ts";
import type { Tab } from "./browsers.ts";
import { inEachBrowser } from "./in-each-browser.ts";
import { until } from "./until.ts";
import { useTabs } from "./use-tabs.ts";

const group = "Tabs of a browser";
/** Milliseconds that the others may wait for the token of a tab that was closed, on a machine that is busy with other tests. A process that only is silent costs 18 s. */
const longest = 4000;
const rotations = [
  ["never", "used again and again"],
  ["always", "strict rotation"],
] as const;

inEachBrowser(
  "a tab that ends",
  ({ name, browser }) => {
    const tabs = useTabs(browser);

    it.for(rotations)("in the middle of a refresh costs the others a moment (rotation: %s)", async ([rotate, words], { task }) => {
      await tabs.startWith({ rotate, accessTokenLifetime: 60 });
      const { server } = tabs.app;
      const [other] = await tabs.open(1);
      const waits: number[] = [];
      const outcomes = { "a token": 0, ERR_LOGIN_REQUIRED: 0 };
      await tabs.logIn(other);
      const runs = repetitions({ ordinary: 2, full: 30 });
      for (let run = 0; run < runs; run += 1) {
        const [closing] = await tabs.open(1);
        await other.run(() => tab.send(1));
        const used = Promise.withResolvers<void>();
        const closed = Promise.withResolvers<void>();
        // The server has used the refresh token up when the tab goes, and its answer reaches nobody.
        server.faults.next(async (_, carryOut) => {
          const answer = await carryOut();
          used.resolve();
          await closed.promise;
          return answer;
        });
        await closing.run(async () => void tab.tokens.renew(await tab.tokens.get()).catch(() => {}));
        await used.promise;
        // In the background it would have one timer a second.
        await other.show();
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
        const [outcome, after] = await other.run(() => tab.outcome as Promise<[keyof typeof outcomes, number]>);
        closed.resolve();
        outcomes[outcome] += 1;
        waits.push(after - before);
        if (outcome !== "a token") await tabs.logIn(other);
      }
      const lost = outcomes.ERR_LOGIN_REQUIRED;
      const { median, largest } = medianAndLargest(waits);
      noteRow(task, {
        group,
        fault: `a tab is closed in the middle of a refresh, with refresh tokens of ${words}: ${name}`,
        expected:
          rotate === "never"
            ? "the others have a new token within 300 ms (median)"
            : "the answer goes with the tab: the others know within 300 ms (median) that a login is required",
        counts: {
          "closed tabs": runs,
          "new tokens": outcomes["a token"],
          "logins lost": lost,
          "median wait, ms": median,
          "longest wait, ms": largest,
        },
      });
      expect([lost, outcomes["a token"]]).toEqual(rotate === "never" ? [0, runs] : [runs, 0]);
      expect(median).toBeLessThan(promised({ page: 300, ordinary: longest }));
      expect(largest).toBeLessThan(longest);
      await tabs.close(other);
    });

    it.for(rotations)(
      "and begins again, ends the login only where an answer went with it (rotation: %s)",
      async ([rotate, words], { task }) => {
        await tabs.startWith({ rotate, accessTokenLifetime: isFullRun ? 2 : 60 });
        const { server } = tabs.app;
        const [reloading, other] = (await tabs.open(2)) as [Tab, Tab];
        await tabs.logIn(other);
        server.reset();
        const begun = performance.now();
        const seconds = repetitions({ ordinary: 0, full: 60 });
        let [reloads, lost] = [0, 0];
        for (; reloads < 4 || performance.now() - begun < seconds * 1000; reloads += 1) {
          // A short run does not wait for the end of a token.
          if (!isFullRun) server.revokeAccessToken(await other.run(() => tab.tokens.get().then(({ accessToken }) => accessToken)));
          await reloading.run((given) => (tab.start(given), tab.ready()), tabs.options);
          await reloading.run(() => void tab.send(5));
          await sleep(isFullRun ? 450 + 50 * (reloads % 10) : 20 * reloads);
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
          await tabs.logIn(other);
        }
        const { refreshes, refreshTokenReuses } = server.stats;
        noteRow(task, {
          group,
          fault: `one of two tabs reloads each 0.5 to 1 s, with refresh tokens of ${words}: ${name}`,
          expected:
            rotate === "never" ? "no login is lost" : "a login is lost only where the answer with the new refresh token went with the page",
          counts: { seconds, reloads, "token requests": refreshes, "refused refresh tokens": refreshTokenReuses, "logins lost": lost },
        });
        expect(lost).toBeLessThanOrEqual(rotate === "never" ? 0 : refreshTokenReuses);
        expect(refreshTokenReuses).toBe(lost);
        await tabs.close(reloading, other);
      },
    );

    it("in the middle of a logout has told the others", async () => {
      await tabs.startWith({ accessTokenLifetime: 60 });
      const [ending, other] = (await tabs.open(2)) as [Tab, Tab];
      await tabs.logIn(ending);
      await Promise.all([ending, other].map((opened) => opened.run(() => tab.send(1))));
      // It is written, and the tab has not heard of it yet.
      await ending.run(
        () =>
          new Promise<void>((written) => {
            Object.defineProperty(IDBTransaction.prototype, "oncomplete", {
              set(this: IDBTransaction, heard: () => void) {
                this.addEventListener("complete", () => (this.mode === "readonly" ? heard() : written()));
              },
            });
            tab.tokens.forget().catch(() => {});
          }),
      );
      // As a link to a page of goodbye does. A tab that is closed may take its last message with it in Firefox, whose process ends at once.
      await ending.goto("about:blank");
      await until(other, () => tab.tokens.peek() === undefined);
      await other.run(() => tab.send(5));
      expect(await other.run(() => tab.results)).toEqual({ 200: 1, ERR_LOGIN_REQUIRED: 5 });
      await tabs.close(ending, other);
    });
  },
  isFullRun ? 200_000 : 60_000,
);
