import type { Page } from "playwright-core";
import { startBrowser } from "../setup/browser.ts";
import type { Browser, BrowserOptions, Frame, Tab } from "./browser.ts";
import { resultOf, sourceOf } from "./page-call.ts";

/** What a user sets on the page for cookies and site data. */
const preferences = {
  storage: { profile: { default_content_setting_values: { cookies: 2 } } },
  "storage in frames": { profile: { cookie_controls_mode: 1, block_third_party_cookies: true } },
};

export async function startChromium({ isPrivate, denied }: BrowserOptions = {}): Promise<Browser> {
  const browser = await startBrowser({ isPrivate, preferences: denied && preferences[denied] });
  return {
    async open(url) {
      const page = await browser.context.newPage();
      await page.goto(url);
      return tabOf(page);
    },
    async stopWorkers() {
      const [page] = browser.context.pages();
      const session = await browser.context.newCDPSession(page as Page);
      await session.send("ServiceWorker.enable");
      await session.send("ServiceWorker.stopAllWorkers");
      await session.detach();
    },
    tabs: async () => browser.context.pages().map(tabOf),
    [Symbol.asyncDispose]: () => browser[Symbol.asyncDispose](),
  };
}

function frameOf(page: { evaluate(source: string): Promise<unknown> }): Frame {
  const run: Frame["run"] = async (work, ...given) => resultOf(await page.evaluate(sourceOf(work, given)));
  // Whatever is evaluated counts as done by a user.
  return { run, click: run };
}

function tabOf(page: Page): Tab {
  return {
    ...frameOf(page),
    goto: async (to) => void (await page.goto(to)),
    reload: async () => void (await page.reload()),
    back: async () => void (await page.goBack({ waitUntil: "commit" })),
    async frame() {
      const frame = page.frames().find((candidate) => candidate !== page.mainFrame());
      if (frame === undefined) throw new Error("The page has no frame.");
      await frame.waitForLoadState();
      return frameOf(frame);
    },
    show: () => page.bringToFront(),
    close: () => page.close(),
  };
}
