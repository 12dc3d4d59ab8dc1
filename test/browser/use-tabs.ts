import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Loopback } from "../servers/loopback.ts";
import { startApp, type App } from "./app.ts";
import type { Tab } from "./browsers.ts";
import type { InBrowser } from "./in-each-browser.ts";
import { servePages } from "./page-server.ts";
import type { TabOptions } from "./pages/tab.ts";

/** Tabs of one application, without a service worker. */
export interface Tabs {
  readonly app: App;
  readonly options: TabOptions;
  /** Begins anew with another application, and another database. */
  startWith(given?: Parameters<typeof startApp>[0]): Promise<void>;
  open(count: number): Promise<[Tab, ...Tab[]]>;
  /** A user logs in in this tab. */
  logIn(opened: Tab): Promise<void>;
  close(...opened: Tab[]): Promise<unknown>;
}

/** For the tests of one `inEachBrowser`: each test has an application of its own. */
export function useTabs(browser: InBrowser["browser"]): Tabs {
  let pages: Loopback;
  let app: App;
  let options: TabOptions;

  async function startWith(given?: Parameters<typeof startApp>[0]): Promise<void> {
    await app?.[Symbol.asyncDispose]();
    app = await startApp(given);
    options = app.options();
  }

  async function open(): Promise<Tab> {
    const opened = await browser.open(`${pages.origin}/tab.html`);
    await opened.run((given) => (tab.start(given), tab.ready()), options);
    return opened;
  }

  beforeAll(async () => {
    pages = await servePages(["tab"]);
  }, 60_000);
  beforeEach(() => startWith());
  afterAll(() => Promise.all([pages?.close(), app?.[Symbol.asyncDispose]()]));

  return {
    get app() {
      return app;
    },
    get options() {
      return options;
    },
    startWith,
    open: (count) => Promise.all(Array.from({ length: count }, open)) as Promise<[Tab, ...Tab[]]>,
    logIn: async (opened) => opened.run(async (refresh_token) => void (await tab.tokens.save({ refresh_token })), await app.logIn()),
    close: (...opened) => Promise.all(opened.map((one) => one.close())),
  };
}
