import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { noteRow } from "../faults/fault-row.ts";
import { lateAnswer } from "../servers/token-endpoint-faults.ts";
import { isFullRun, repetitions } from "../setup/repetitions.ts";
import { startApp, type App } from "./app.ts";
import type { Tab } from "./browsers.ts";
import { inEachBrowser, workerIdle } from "./in-each-browser.ts";
import { servePages, type Pages } from "./page-server.ts";
import type { TabOptions } from "./pages/tab.ts";
import { until } from "./until.ts";

const group = "Tabs of a browser";
inEachBrowser(
  "refreshes in a service worker serve every page",
  ({ name, browser }) => {
    let pages: Pages;
    let app: App;
    let options: TabOptions;
    /** The application's backend is asked by a worker: it answers none that is stopped then. */
    let asked = Promise.withResolvers<void>();
    let isStopped = false;

    beforeAll(async () => {
      pages = await servePages(["tab", "worker"], ({ url }, response) => {
        if (url !== "/login") response.writeHead(404).end();
        else if (isStopped) response.end();
        else asked.resolve();
      });
    }, 60_000);
    afterAll(() => pages.close());

    const startWith = async (given?: Parameters<typeof startApp>[0]): Promise<void> => {
      app = await startApp(given);
      const { tokenEndpoint, clientId, store, api } = app.options();
      const query = new URLSearchParams({ tokenEndpoint, clientId, store });
      options = { tokenEndpoint, clientId, store, api, worker: `/worker.js?${String(query)}` };
    };
    beforeEach(() => () => app[Symbol.asyncDispose]());

    const begin = async (opened: Tab, given: Partial<TabOptions> = {}): Promise<string | undefined> =>
      opened.run(
        (all) => {
          tab.start(all);
          return tab.tokens.place;
        },
        { ...options, ...given },
      );
    const openTab = async (): Promise<Tab> => {
      const opened = await browser.open(`${pages.origin}/tab.html`);
      expect(await begin(opened)).toBe("worker");
      return opened;
    };
    const logIn = async (opened: Tab): Promise<void> =>
      opened.run(async (refresh_token) => void (await tab.tokens.save({ refresh_token })), await app.logIn());
    /** Whatever lifetime it has, a token that was revoked is renewed at once. */
    const revoke = async (opened: Tab): Promise<void> =>
      void app.server.revokeAccessToken(await opened.run(() => tab.tokens.get().then(({ accessToken }) => accessToken)));
    const close = (...tabs: Tab[]): Promise<unknown> => Promise.all(tabs.map((opened) => opened.close()));

    it("at its first load, with one token request for an expired and one for a refused token, and no refresh token in the page", async () => {
      await startWith({ accessTokenLifetime: 60 });
      const opened = await openTab();
      await logIn(opened);
      app.server.reset();
      await opened.run(() => tab.send(50));
      await revoke(opened);
      await opened.run(() => tab.send(50));
      expect(await opened.run(() => tab.results)).toEqual({ 200: 100 });
      expect(app.server.stats).toMatchObject({ refreshes: 2, refreshTokenReuses: 0 });
      expect(await opened.run(async () => (await tab.tokens.get()).refreshToken ?? "none")).toBe("none");
      await close(opened);
    });

    it("and tells a page whose access token has expired that it is logged in, as a token cache of the page's own does", async () => {
      await startWith({ accessTokenLifetime: 1 });
      const opened = await openTab();
      await logIn(opened);
      await opened.run(() => tab.tokens.get());
      app.server.reset();
      const states = await opened.run(async () => {
        const { expiresAt = 0 } = tab.tokens.status();
        await new Promise((resolve) => setTimeout(resolve, expiresAt - Date.now() + 50));
        const before = tab.tokens.status().state;
        await tab.tokens.reread();
        return [before, tab.tokens.status().state];
      });
      expect(states).toEqual(["unknown", "logged-in"]);
      expect(app.server.stats.tokensIssued).toBe(0);
      await close(opened);
    });

    it("that reloads in the middle, and loses nothing", async ({ task }) => {
      await startWith({ accessTokenLifetime: isFullRun ? 2 : 60 });
      const [reloading, other] = [await openTab(), await openTab()];
      await logIn(other);
      app.server.reset();
      const begun = performance.now();
      const seconds = repetitions({ ordinary: 0, full: 60 });
      let reloads = 0;
      for (; reloads < 4 || performance.now() - begun < seconds * 1000; reloads += 1) {
        await begin(reloading);
        if (!isFullRun) await revoke(other);
        await Promise.all([reloading.run(() => void tab.send(10)), other.run(() => tab.send(10))]);
        await sleep(isFullRun ? 500 + 50 * (reloads % 10) : 20 * reloads);
        await reloading.reload();
      }
      const results = await other.run(() => tab.results);
      const { refreshes, refreshTokenReuses, familiesRevoked } = app.server.stats;
      noteRow(task, {
        group,
        fault: `one of two tabs reloads each 0.5 to 1 s, a service worker refreshes, strict rotation: ${name}`,
        expected: "no login is lost, and every call of the other tab is answered with 200",
        counts: {
          seconds,
          reloads,
          "token requests": refreshes,
          "refused refresh tokens": refreshTokenReuses,
          "logins lost": familiesRevoked,
        },
      });
      expect({ refreshTokenReuses, familiesRevoked }).toEqual({ refreshTokenReuses: 0, familiesRevoked: 0 });
      expect(refreshes).toBeGreaterThanOrEqual(isFullRun ? reloads / 4 : reloads);
      expect(results).toEqual({ 200: 10 * reloads });
      await close(reloading, other);
    });

    it("that is closed in the middle of a refresh, and loses nothing", async ({ task }) => {
      await startWith({ accessTokenLifetime: 60 });
      const other = await openTab();
      await logIn(other);
      await other.run(() => tab.send(1));
      app.server.reset();
      const rounds = repetitions({ ordinary: 2, full: 30 });
      for (let round = 0; round < rounds; round += 1) {
        const closing = await openTab();
        const used = Promise.withResolvers<void>();
        const closed = Promise.withResolvers<void>();
        app.server.faults.next(async (_, carryOut) => {
          const answer = await carryOut();
          used.resolve();
          await closed.promise;
          return answer;
        });
        await closing.run(async () => {
          const refused = await tab.tokens.get();
          void tab.tokens.renew(refused).catch(() => {});
        });
        await used.promise;
        await closing.close();
        closed.resolve();
        await other.run(() => tab.send(1));
        expect(await other.run(() => tab.results)).toEqual({ 200: round + 2 });
      }
      const { refreshes, refreshTokenReuses, familiesRevoked } = app.server.stats;
      const counts = {
        "closed tabs": rounds,
        "token requests": refreshes,
        "refused refresh tokens": refreshTokenReuses,
        "logins lost": familiesRevoked,
      };
      noteRow(task, {
        group,
        fault: `a tab is closed in the middle of a refresh, a service worker refreshes, strict rotation: ${name}`,
        expected: "no login is lost: the worker gets the answer, and the other tabs with it",
        counts,
      });
      expect(counts).toMatchObject({ "token requests": rounds, "refused refresh tokens": 0, "logins lost": 0 });
      await close(other);
    });

    it("and are stopped and started again without a word", async () => {
      await startWith({ accessTokenLifetime: 60 });
      const opened = await openTab();
      await logIn(opened);
      await opened.run(() => tab.send(5));
      app.server.reset();
      const before = await opened.run(() => tab.worker());
      await browser.stopWorkers();
      do await sleep(2 * workerIdle);
      while ((await opened.run(() => tab.worker())) === before);
      const other = await openTab();
      await other.run(() => tab.send(5));
      expect(await other.run(() => tab.results)).toEqual({ 200: 5 });
      expect(app.server.stats.refreshes).toBe(0);
      await close(opened, other);
    });

    const onlyInChromium = name === "Firefox" ? " (not run: Firefox lets no test stop a worker that has something to do)" : "";
    it.skipIf(onlyInChromium !== "")(`or are stopped in the middle of one, which costs a moment${onlyInChromium}`, async () => {
      await startWith({ rotate: "never" });
      const opened = await openTab();
      await logIn(opened);
      const asked = Promise.withResolvers<void>();
      app.server.faults.next((request, carryOut) => {
        asked.resolve();
        return lateAnswer(5000)(request, carryOut);
      });
      const sent = opened.run(() => tab.send(10).then(() => [tab.results, performance.now()] as const));
      await asked.promise;
      const stopped = await opened.run(() => performance.now());
      await browser.stopWorkers();
      const [results, answered] = await sent;
      expect(results).toEqual({ 200: 10 });
      expect(answered - stopped).toBeLessThan(4000);
      await close(opened);
    });

    it.skipIf(onlyInChromium !== "")(`or while a login begins, which costs a moment, too${onlyInChromium}`, async () => {
      await startWith();
      options = { ...options, worker: `${options.worker}&backend` };
      const opened = await openTab();
      [isStopped, asked] = [false, Promise.withResolvers()];
      const begun = opened.run(async () => {
        const { pending } = (await tab.tokens.client?.authorizationUrl({ redirectUri: location.href })) ?? {};
        return [pending?.state, performance.now()] as const;
      });
      await asked.promise;
      const stopped = await opened.run(() => performance.now());
      isStopped = true;
      await browser.stopWorkers();
      const [state, answered] = await begun;
      expect(state).toBeDefined();
      expect(answered - stopped).toBeLessThan(4000);
      await close(opened);
    });

    it("while the worker is replaced by a newer one", async () => {
      await startWith({ accessTokenLifetime: 2 });
      const tabs = [await openTab(), await openTab()];
      const [first] = tabs as [Tab];
      await logIn(first);
      app.server.reset();
      const before = await first.run(() => tab.worker());
      const loads = tabs.map((opened) => opened.run((...given) => tab.load(...given), 5, 100, 3000));
      app.server.faults.always(lateAnswer(200));
      for (let count = 0; count < 3; count += 1) {
        pages.deploy();
        await first.run(() => tab.update());
        await sleep(300);
      }
      expect((await Promise.all(loads)).map((results) => Object.keys(results))).toEqual([["200"], ["200"]]);
      expect(await first.run(() => tab.worker())).not.toBe(before);
      expect(app.server.stats).toMatchObject({ refreshTokenReuses: 0, familiesRevoked: 0 });
      await close(...tabs);
    });

    it("that does not understand the worker refreshes by itself, with the same login", async () => {
      await startWith({ accessTokenLifetime: 60 });
      const [old, newer] = [await openTab(), await openTab()];
      await logIn(old);
      await begin(newer, { worker: `${options.worker}&later` });
      const isLater = async (scope: string): Promise<boolean> => {
        const registration = await navigator.serviceWorker.getRegistration(scope);
        return registration?.active?.scriptURL.endsWith("&later") === true && registration.active.state === "activated";
      };
      await until(old, isLater, `/${options.store}/`);
      await Promise.all([old, newer].map((opened) => opened.run(() => tab.tokens.reread())));
      await Promise.all([old, newer].map((opened) => opened.run(() => tab.send(5))));
      const seen = await Promise.all([old, newer].map((opened) => opened.run(() => [tab.results, tab.warnings] as const)));
      expect(seen).toEqual([
        [{ 200: 5 }, ["no-worker"]],
        [{ 200: 5 }, ["no-worker"]],
      ]);
      await close(old, newer);
    });

    it.each([
      { where: "there is none", warnings: [], prepare: () => Object.defineProperty(navigator, "serviceWorker", { value: undefined }) },
      { where: "it cannot be loaded", warnings: ["no-worker"], prepare: () => {}, workerOf: () => "/missing.js" },
      {
        where: "it answers with something else",
        warnings: ["no-worker"],
        prepare: () => {},
        workerOf: (ours: string) => `${ours}&talkative`,
      },
      {
        where: "it is denied, as in the frame of a sandbox",
        warnings: ["no-worker"],
        prepare: () =>
          Object.defineProperty(navigator, "serviceWorker", {
            get: () => {
              throw new DOMException("The context is sandboxed.", "SecurityError");
            },
          }),
      },
      {
        where: "it does not come",
        warnings: ["no-worker"],
        prepare: () => {
          ServiceWorkerContainer.prototype.register = () => {
            const { setTimeout: wait } = globalThis;
            // The page's own patience, which is the next one, without the wait.
            Object.assign(globalThis, {
              setTimeout: (work: () => void) => {
                Object.assign(globalThis, { setTimeout: wait });
                return wait(work);
              },
            });
            return new Promise(() => {});
          };
        },
      },
    ])("where $where, by itself", async ({ warnings, prepare, workerOf = (ours: string) => ours }) => {
      await startWith({ accessTokenLifetime: 60 });
      const worker = workerOf(options.worker as string);
      const tabs = await Promise.all([1, 2].map(() => browser.open(`${pages.origin}/tab.html`)));
      const [one, two] = tabs as [Tab, Tab];
      for (const opened of tabs) {
        await opened.run(prepare as () => void);
        expect(await begin(opened, { worker })).toBe("page");
        await opened.run(() => tab.ready());
      }
      await logIn(one);
      for (const opened of tabs) {
        await opened.run(() => tab.send(5));
        expect(await opened.run(() => [tab.results, tab.warnings])).toEqual([{ 200: 5 }, warnings]);
      }
      await one.run(() => tab.tokens.forget());
      await until(two, () => tab.tokens.peek() === undefined);
      await two.run(() => tab.send(5));
      expect(await two.run(() => tab.results)).toEqual({ 200: 5, ERR_LOGIN_REQUIRED: 5 });
      await close(one, two);
    });

    it("and a logout and a change of user reach every tab", async () => {
      await startWith({ accessTokenLifetime: 60 });
      const [one, two] = [await openTab(), await openTab()];
      await logIn(one);
      const token = (opened: Tab): Promise<string> =>
        opened.run(() =>
          tab.tokens.get().then(
            ({ accessToken }) => accessToken,
            (error) => error.code,
          ),
        );
      const had = await Promise.all([token(one), token(two)]);
      expect(had[0]).toBe(had[1]);
      await one.run(() => tab.tokens.forget());
      await until(two, () => tab.tokens.peek() === undefined);
      expect(await token(two)).toBe("ERR_LOGIN_REQUIRED");
      await logIn(one);
      const has = await Promise.all([token(one), token(two)]);
      expect(has[0]).toBe(has[1]);
      expect(has[0]).not.toBe(had[0]);
      // Over a login that is there.
      await logIn(one);
      await until(two, (old) => tab.tokens.peek()?.accessToken !== old, has[1] as string);
      const last = await Promise.all([token(one), token(two)]);
      expect(last[0]).toBe(last[1]);
      expect(last[0]).not.toBe(has[0]);
      await close(one, two);
    });
  },
  isFullRun ? 200_000 : 60_000,
);
