import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nativeClient } from "../oauth/native-client.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import type { Loopback } from "../servers/loopback.ts";
import type { Tab } from "./browsers.ts";
import { inEachBrowser } from "./in-each-browser.ts";
import { servePages } from "./page-server.ts";
import type { LoginOptions } from "./pages/login.ts";
import { until } from "./until.ts";

const redirectUris = ["http://127.0.0.1/login.html", "http://127.0.0.1/popup.html"];
const client = { ...nativeClient, clientId: "page", metadata: { ...nativeClient.metadata, redirect_uris: redirectUris } };

/** Nobody may be asked, so that the server says no. */
const refused = { parameters: { prompt: "none", max_age: "0", login_hint: "nobody" } };

inEachBrowser("a login in a page", ({ browser }) => {
  let pages: Loopback;
  let server: AuthorizationServer;
  let options: LoginOptions;
  let tab: Tab;
  const page = (): string => `${pages.origin}/login.html`;

  beforeAll(async () => {
    pages = await servePages(["login", "popup"]);
    server = await startAuthorizationServer({ clients: [client], pages: [pages.origin], accessTokenLifetime: 60 });
    options = { issuer: server.issuer, clientId: client.clientId };
    tab = await browser.open(page());
  }, 60_000);
  afterAll(() => Promise.all([pages?.close(), server?.close()]));
  beforeEach(async () => {
    server.reset();
    await tab.goto(page());
  });

  /** Begins a login, and waits until the user is back on the page. */
  async function leave(opened: Tab, given: Partial<LoginOptions> = {}): Promise<void> {
    await opened.run(
      (all) => {
        login.start(all);
        // The answer is given before the page goes.
        setTimeout(() => void login.redirect.begin());
      },
      { ...options, ...given },
    );
    await until(opened, () => location.search.includes("state=") && globalThis.login !== undefined && document.readyState === "complete");
  }

  const finish = (opened: Tab): Promise<{ token: string; from: string }> =>
    opened.run((all) => {
      login.start(all);
      return login.finish();
    }, options);

  const exchanges = (): number => server.requests.filter(({ grantType }) => grantType === "authorization_code").length;

  describe("by a redirect", () => {
    it("brings the user back to where it began, and leaves nothing of the answer in the address", async () => {
      await tab.goto(`${page()}?order=7#items`);
      await leave(tab);
      const { token, from } = await finish(tab);
      expect(server.isActive(token)).toBe(true);
      expect(from).toBe(`${page()}?order=7#items`);
      expect(await tab.run(() => [location.href, sessionStorage.length])).toEqual([page(), 0]);
      expect(await tab.run(() => login.finish().then(({ from: again }) => again))).toBe(from);
      await tab.reload();
      expect(await finish(tab)).toEqual({ token: "none", from: "nowhere" });
      expect(exchanges()).toBe(1);
    });

    it("outlives a reload on its way, and serves once", async () => {
      await leave(tab);
      const callback = await tab.run(() => location.href);
      await tab.reload();
      expect(server.isActive((await finish(tab)).token)).toBe(true);
      await tab.goto(callback);
      await expect(finish(tab)).rejects.toThrow("The callback belongs to no login that was begun in this tab");
      expect(await tab.run(() => location.href)).toBe(page());
      expect(exchanges()).toBe(1);
    });

    it("takes no answer of another login", async () => {
      await leave(tab);
      const callback = new URL(await tab.run(() => location.href));
      callback.searchParams.set("state", "another");
      await tab.goto(callback.href);
      await expect(finish(tab)).rejects.toThrow("The callback belongs to no login");
      expect(await tab.run(() => location.href)).toBe(page());
      expect(exchanges()).toBe(0);
    });

    it("tells of a user who was refused", async () => {
      await tab.run(() => sessionStorage.clear());
      await leave(tab, refused);
      await expect(finish(tab)).rejects.toThrow("login_required");
      expect(await tab.run(() => [location.href, sessionStorage.length])).toEqual([page(), 0]);
    });

    it("of two tabs at once is two logins, and neither can end the other's", async () => {
      const other = await browser.open(page());
      // Both are begun before one of them ends. One after the other, as the authorization server wants it of one browser.
      await leave(tab);
      await leave(other);
      const [mine, theirs] = await Promise.all([tab, other].map((opened) => opened.run(() => location.href)));
      await tab.goto(theirs as string);
      await expect(finish(tab)).rejects.toThrow("no login that was begun in this tab");
      const { token } = await finish(other);
      await tab.goto(mine as string);
      const { token: own } = await finish(tab);
      expect([server.isActive(token), server.isActive(own), token === own]).toEqual([true, true, false]);
      await other.close();
    });

    it("does not begin where the browser keeps nothing", async () => {
      const begun = tab.run((all) => {
        Object.defineProperty(globalThis, "sessionStorage", {
          get: () => {
            throw new DOMException("denied", "SecurityError");
          },
        });
        login.start(all);
        return login.redirect.begin();
      }, options);
      await expect(begun).rejects.toThrow("StoreError: The browser keeps no pending login");
    });
  });

  describe("by a window", () => {
    const popup = (given: Partial<LoginOptions> = {}): Promise<string> =>
      tab.click(
        (all) => {
          login.start(all);
          return login.popup();
        },
        { ...options, ...given },
      );
    const windows = async (): Promise<number> => (await browser.tabs()).length;

    it("leaves the page as it is, and closes the window", async () => {
      const before = await windows();
      expect(server.isActive(await popup())).toBe(true);
      expect(await tab.run(() => location.href)).toBe(page());
      while ((await windows()) > before);
    });

    it("tells of a user who was refused, and closes the window", async () => {
      const before = await windows();
      await expect(popup(refused)).rejects.toThrow("login_required");
      while ((await windows()) > before);
      expect(exchanges()).toBe(0);
    });

    it("cannot lead the page that opened it anywhere", async () => {
      const seen = await tab.click((all) => {
        const { open } = globalThis;
        let opened: Window | null = null;
        globalThis.open = (...given) => (opened = open(...given));
        login.start(all);
        const leave = new AbortController();
        const left = login.popup(leave.signal).catch(String);
        const opener = (opened as Window | null)?.opener === null ? "none" : "this page";
        leave.abort(new Error("The caller left."));
        return left.then((error) => [opener, error]);
      }, options);
      expect(seen).toEqual(["none", "Error: The caller left."]);
    });

    it("is not begun when the browser opens none", async () => {
      const blocked = tab.run((all) => {
        globalThis.open = () => null;
        login.start(all);
        return login.popup();
      }, options);
      await expect(blocked).rejects.toThrow("LoginRequiredError: The browser opened no window");
    });

    it("is over when the user closes it and comes back to the page", async () => {
      const closed = tab.click((all) => {
        const { open } = globalThis;
        globalThis.open = (...given) => {
          const opened = open(...given);
          // Before it is led anywhere: a quick server may have let the user in after that, and Chromium lets no page close a window of another origin.
          setTimeout(() => opened?.close());
          return opened;
        };
        login.start(all);
        return login.popup().catch(String);
      }, options);
      await tab.show();
      expect(await closed).toMatch("LoginRequiredError: The window was closed");
    });

    it("is over when the caller leaves", async () => {
      const left = await tab.click((all) => {
        login.start(all);
        return login.popup(AbortSignal.abort(new Error("The caller left."))).catch(String);
      }, options);
      expect(left).toBe("Error: The caller left.");
    });
  });
});
