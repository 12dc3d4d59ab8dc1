import { afterAll, beforeAll, expect, it } from "vitest";
import { startApp, type App } from "./app.ts";
import { inEachBrowser } from "./in-each-browser.ts";
import { servePages, type Pages } from "./page-server.ts";

inEachBrowser("a module that a page loads when it is needed, and cannot be loaded", ({ browser }) => {
  let pages: Pages;
  let app: App;
  beforeAll(async () => {
    [pages, app] = await Promise.all([servePages(["tab"]), startApp({ accessTokenLifetime: 60 })]);
  }, 60_000);
  afterAll(() => Promise.all([pages.close(), app[Symbol.asyncDispose]()]));

  it.each(["engine", "sender"])("is not asked for again by a browser before the page is loaded anew: %s", async (module) => {
    pages.fail(`/${module}.js`);
    const opened = await browser.open(`${pages.origin}/tab.html`);
    const sent = async (): Promise<Record<string, number>> => {
      await opened.run(() => tab.send(5));
      return opened.run(() => tab.results);
    };
    await opened.run((given) => tab.start(given), app.options());
    expect(await sent()).toEqual({ ERR_TOKEN_REQUEST_NOT_SENT: 5 });
    pages.fail(undefined);
    expect(await sent()).toEqual({ ERR_TOKEN_REQUEST_NOT_SENT: 10 });
    await opened.reload();
    await opened.run((given) => tab.start(given), app.options());
    await opened.run(() => tab.ready());
    await opened.run(async (refresh_token) => void (await tab.tokens.save({ refresh_token })), await app.logIn());
    expect(await sent()).toEqual({ 200: 5 });
    await opened.close();
  });
});
