import { afterAll, beforeAll, describe } from "vitest";
import type { Browser, Page } from "playwright-core";
import type { Loopback } from "../servers/loopback.ts";
import { startBrowser, type TestBrowser } from "../setup/browser.ts";
import { chromium, reasonNotToRun } from "../setup/programs.ts";
import { serveSite } from "./serve-site.ts";

export interface Reader {
  /** Such as 390 pixels for a phone. */
  readonly width: number;
  readonly colorScheme?: "light" | "dark";
  readonly javaScriptEnabled?: boolean;
}

/** Opens the site as somebody reads it. */
export type Open = (address: string, reader: Reader) => Promise<Page>;

/** Tests in one Chromium, over one server with the site. Where it is not installed they are skipped by name, and with CI=true they fail. */
export function inBrowser(title: string, tests: (open: Open) => void): void {
  const reason = reasonNotToRun(chromium);
  describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (${reason})`, () => {
    let site: Loopback;
    let started: TestBrowser;
    beforeAll(async () => {
      [site, started] = await Promise.all([serveSite(), startBrowser({ isPrivate: true })]);
    });
    afterAll(async () => {
      await started[Symbol.asyncDispose]();
      await site.close();
    });
    tests(async (address, { width, ...options }) => {
      const browser = started.context.browser() as Browser;
      const context = await browser.newContext({ viewport: { width, height: 844 }, ...options });
      const page = await context.newPage();
      await page.goto(site.origin + address);
      return page;
    });
  });
}

/** A page's scripts have begun: what a reader presses is answered. */
export async function untilAlive(page: Page): Promise<Page> {
  await page.waitForFunction(() => "__vue_app__" in (document.querySelector("#app") ?? {}));
  return page;
}
