import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Loopback } from "../servers/loopback.ts";
import { isFullRun } from "../setup/repetitions.ts";
import { startApp, type App } from "./app.ts";
import type { Browser, Frame, Tab } from "./browsers.ts";
import { inEachBrowser } from "./in-each-browser.ts";
import { servePages } from "./page-server.ts";
import { denials, type Denial } from "./pages/denials.ts";
import type { TabOptions } from "./pages/tab.ts";
import { until } from "./until.ts";

let pages: Loopback;
let others: Loopback;
beforeAll(async () => {
  [pages, others] = await Promise.all([servePages(["tab"]), servePages(["tab"])]);
}, 60_000);
afterAll(() => Promise.all([pages.close(), others.close()]));

const page = (): string => `${pages.origin}/tab.html`;
/** The same page in a frame of another site. */
const framed = (): string => `${others.origin.replace("127.0.0.1", "localhost")}/frame?url=${encodeURIComponent(page())}`;

const start = (opened: Frame, options: TabOptions): Promise<void> => opened.run((given) => tab.start(given), options);
/** What requests come to in this page, and the warnings that it got. */
const send = (opened: Frame, count = 5): Promise<[Record<string, number>, readonly string[]]> =>
  opened.run(async (given) => {
    await tab.send(given);
    return [tab.results, tab.warnings];
  }, count);
const loggedOut = { ERR_LOGIN_REQUIRED: 5 };

inEachBrowser("where there is no storage, or another one, a page goes on", ({ name, start: startBrowser }) => {
  let browser: Browser;
  let denying: Browser;
  let tab1: Tab;
  let tab2: Tab;
  let app: App;
  const logIn = async (opened: Frame): Promise<void> =>
    opened.run(async (refresh_token) => void (await tab.tokens.save({ refresh_token })), await app.logIn());

  beforeAll(async () => {
    app = await startApp({ accessTokenLifetime: 60 });
    [browser, denying] = [await startBrowser({ isPrivate: true }), await startBrowser({ denied: "storage" })];
    [tab1, tab2] = [await browser.open(page()), await browser.open(page())];
    await tab1.show();
  }, 120_000);
  afterAll(() => Promise.all([browser, denying, app].map((started) => started?.[Symbol.asyncDispose]())));

  it("in a private window as in every other: tabs share a login", async () => {
    const options = app.options();
    await Promise.all([start(tab1, options), start(tab2, options)]);
    await logIn(tab1);
    app.server.reset();
    expect(await Promise.all([send(tab1, 20), send(tab2, 20)])).toEqual([
      [{ 200: 20 }, []],
      [{ 200: 20 }, []],
    ]);
    expect(app.server.stats.refreshes).toBe(1);
  });

  it("in memory where the user has forbidden all storage, and is told once", async () => {
    const opened = await denying.open(page());
    await start(opened, app.options());
    await logIn(opened);
    expect(await send(opened)).toEqual([{ 200: 5 }, ["memory"]]);
    await opened.run(() => tab.tokens.forget());
    expect(await send(opened)).toEqual([{ 200: 5, ...loggedOut }, ["memory"]]);
    await opened.close();
  });

  const tryWith = async (denial: Denial, one: Tab, two: Tab): Promise<void> => {
    const options = app.options();
    await one.reload();
    await one.run((given) => tab.deny(given), denial.name);
    await Promise.all([start(one, options), start(two, options)]);
    await logIn(one);
    await until(one, (count) => tab.warnings.length >= count, denial.warnings.length);
    expect(await send(one)).toEqual([{ 200: 5 }, denial.warnings]);
    if (denial.shares) await until(two, () => tab.tokens.reread().then((tokenSet) => tokenSet !== undefined));
    expect(await send(two)).toEqual([denial.shares ? { 200: 5 } : loggedOut, []]);
    // Told once, whatever comes afterwards.
    await one.run(() => tab.tokens.forget());
    expect(await send(one)).toEqual([{ 200: 5, ...loggedOut }, denial.warnings]);
  };

  it.each(denials.filter(({ isSlow }) => !isSlow))("with $name", (denial) => tryWith(denial, tab1, tab2));

  // At once, each in tabs of its own: most of it waits for databases that do not open. A full run has one page at a time
  // can be visible: browsers delay the timers of the others.
  const several = isFullRun ? describe : describe.concurrent;
  several("after a while", () => {
    it.each(denials.filter(({ isSlow }) => isSlow))("with $name", async (denial) => {
      const [one, two] = (await Promise.all([1, 2].map(() => browser.open(page())))) as [Tab, Tab];
      if (isFullRun) await one.show();
      await tryWith(denial, one, two);
      await Promise.all([one.close(), two.close()]);
    });
  });

  it("with an IndexedDB that is slow, for which its calls wait", async () => {
    const options = app.options();
    await start(tab2, options);
    await logIn(tab2);
    await send(tab2);
    await tab1.reload();
    await tab1.run((given) => tab.deny(given), "an IndexedDB that opens late");
    await start(tab1, options);
    expect(await send(tab1)).toEqual([{ 200: 5 }, []]);
  });

  it("with an IndexedDB that opens late although the page asks for it again and again, without a pause", async () => {
    const opened = await browser.open(page());
    await opened.run((given) => tab.deny(given), "an IndexedDB that opens late");
    await start(opened, app.options());
    await opened.run(() => tab.ready());
    await opened.close();
  }, 20_000);

  it("in a frame of another site, where nothing crosses from the site's own tabs", async () => {
    const options = app.options();
    await start(tab2, options);
    await logIn(tab2);
    const opened = await browser.open(framed());
    const frame = await opened.frame();
    await start(frame, options);
    await frame.run(() => tab.ready());
    // Chromium lets it store nothing in a private window; Firefox keeps another storage for each site around it.
    const warnings = name === "Chromium" ? ["memory"] : [];
    expect(await send(frame)).toEqual([loggedOut, warnings]);
    await logIn(frame);
    expect(await send(frame)).toEqual([{ ...loggedOut, 200: 5 }, warnings]);
    await tab2.run(() => tab.tokens.forget());
    expect(await send(frame)).toEqual([{ ...loggedOut, 200: 10 }, warnings]);
    expect(await send(tab2)).toEqual([loggedOut, []]);
    await opened.close();
  });

  it("at another origin, where nothing crosses either", async () => {
    const options = app.options();
    const opened = await browser.open(`${others.origin}/tab.html`);
    await Promise.all([start(tab2, options), start(opened, options)]);
    await Promise.all([tab2, opened].map((one) => one.run(() => tab.ready())));
    await logIn(tab2);
    expect(await send(tab2)).toEqual([{ 200: 5 }, []]);
    expect(await send(opened)).toEqual([loggedOut, []]);
    await logIn(opened);
    await tab2.run(() => tab.tokens.forget());
    expect(await send(opened)).toEqual([{ ...loggedOut, 200: 5 }, []]);
    await opened.close();
  });
});
