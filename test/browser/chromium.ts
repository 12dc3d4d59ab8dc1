import { startBrowser } from "../setup/browser.ts";
import type { Browser, BrowserOptions, Frame } from "./browsers.ts";
import { resultOf, sourceOf } from "./page-call.ts";

/** What a user sets on the page for cookies and site data. */
const preferences = {
  storage: { profile: { default_content_setting_values: { cookies: 2 } } },
  "storage in frames": { profile: { cookie_controls_mode: 1, block_third_party_cookies: true } },
};

export async function startChromium({ isPrivate, denied }: BrowserOptions = {}): Promise<Browser> {
  const browser = await startBrowser({ isPrivate, preferences: denied && preferences[denied] });
  const frameOf = (page: { evaluate(source: string): Promise<unknown> }): Frame => ({
    run: async (work, ...given) => resultOf(await page.evaluate(sourceOf(work, given))),
  });
  return {
    async open(url) {
      const page = await browser.context.newPage();
      await page.goto(url);
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
        async freeze() {
          const session = await browser.context.newCDPSession(page);
          await session.send("Page.enable");
          await session.send("Page.setWebLifecycleState", { state: "frozen" });
          return async () => {
            await session.send("Page.setWebLifecycleState", { state: "active" });
            await session.detach();
          };
        },
        show: () => page.bringToFront(),
        close: () => page.close(),
      };
    },
    [Symbol.asyncDispose]: () => browser[Symbol.asyncDispose](),
  };
}
