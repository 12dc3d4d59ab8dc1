import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Loopback } from "../servers/loopback.ts";
import { startApp, type App } from "./app.ts";
import type { Tab } from "./browsers.ts";
import { inEachBrowser } from "./in-each-browser.ts";
import { servePages } from "./page-server.ts";
import type { TabOptions } from "./pages/tab.ts";
import { until } from "./until.ts";

/** What a test in one browser has. */
interface Setting {
  readonly pages: Loopback;
  readonly app: App;
  /** Asked by a page that stands still until it is answered. */
  asleep: PromiseWithResolvers<() => void>;
}

/** Ways of a tab to hear of nothing, and what wakes it: false when the browser has loaded it anew, as it may. */
const sleeps = {
  "the back-forward cache": async ({ pages }: Setting, opened: Tab) => {
    await opened.run(() => {
      addEventListener("pageshow", ({ persisted }) => persisted && (document.title = "kept"));
    });
    await opened.goto(`${pages.origin}/frame?url=about:blank`);
    return async (): Promise<boolean> => {
      await opened.back();
      await until(opened, () => ["kept", "tab"].includes(document.title));
      return opened.run(() => document.title === "kept");
    };
  },
  "a sleep of its own": async (setting: Setting, opened: Tab) => {
    setting.asleep = Promise.withResolvers();
    const slept = opened.run(() => {
      const request = new XMLHttpRequest();
      request.open("GET", "/asleep", false);
      request.send();
    });
    const wake = await setting.asleep.promise;
    return async (): Promise<boolean> => {
      wake();
      await slept;
      return true;
    };
  },
};

/** What happens in another tab meanwhile, and what the requests of the one that slept come to. */
const changes: Record<string, { change(other: Tab, app: App): Promise<unknown>; results: Record<string, number> }> = {
  "a logout": { change: (other) => other.run(() => tab.tokens.forget()), results: { ERR_LOGIN_REQUIRED: 5 } },
  "a change of user": {
    change: async (other, app) => {
      await logIn(other, app);
      await other.run(() => tab.send(1));
    },
    results: { 200: 5 },
  },
};

async function logIn(opened: Tab, app: App): Promise<void> {
  await opened.run(async (refresh_token) => void (await tab.tokens.save({ refresh_token })), await app.logIn());
}

inEachBrowser("a tab that slept", ({ browser }) => {
  let setting: Setting;
  let other: Tab;
  let sleeper: Tab;
  let options: TabOptions;

  beforeAll(async () => {
    const [pages, app] = await Promise.all([
      servePages(["tab"], (_, response) => setting.asleep.resolve(() => void response.end())),
      startApp({ accessTokenLifetime: 60 }),
    ]);
    setting = { pages, app, asleep: Promise.withResolvers() };
    other = await browser.open(`${pages.origin}/tab.html`);
  }, 60_000);
  afterAll(() => Promise.all([setting.pages.close(), setting.app[Symbol.asyncDispose]()]));
  beforeEach(async () => {
    options = setting.app.options();
    await other.run((given) => (tab.start(given), tab.ready()), options);
    sleeper = await browser.open(`${setting.pages.origin}/tab.html`);
    return () => sleeper.close();
  });

  const cases = (Object.keys(sleeps) as (keyof typeof sleeps)[]).flatMap((sleep) => Object.keys(changes).map((what) => ({ sleep, what })));
  it.each(cases)("knows before its next request of $what while it was in $sleep", async ({ sleep, what }) => {
    const { change, results } = changes[what] as (typeof changes)[string];
    let had: string | undefined;
    for (let isKept = false; !isKept;) {
      await sleeper.goto(`${setting.pages.origin}/tab.html`);
      await sleeper.run((given) => (tab.start(given), tab.ready()), options);
      await logIn(other, setting.app);
      await other.run(() => tab.send(1));
      had = await sleeper.run(async () => {
        await tab.send(1);
        delete tab.results[200];
        return tab.tokens.peek()?.accessToken;
      });
      expect(had).toBeDefined();
      const wake = await sleeps[sleep](setting, sleeper);
      await change(other, setting.app);
      isKept = await wake();
    }
    expect(await sleeper.run(() => tab.send(5).then(() => tab.results))).toEqual(results);
    const has = await Promise.all([other, sleeper].map((opened) => opened.run(() => tab.tokens.peek()?.accessToken ?? "none")));
    expect(has[1]).toBe(has[0]);
    expect(has[1]).not.toBe(had);
  });
});
