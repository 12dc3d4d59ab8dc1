import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { readBuilt } from "./built-page.ts";
import { inBrowser, untilAlive } from "./in-browser.ts";

const phone = 390;
const desktop = 1280;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The search button's name leaves out its key, and the box that it opens has roles of the generator's, which no option changes. */
const ofTheGenerator = ["label-content-name-mismatch", "nested-interactive"];

/** What axe finds wrong, as "rule: element". */
async function faultsOf(page: Page): Promise<string[]> {
  // What fades in has less contrast for a moment.
  await page.addStyleTag({ content: "*, *::before, *::after { transition: none !important; animation: none !important }" });
  await page.evaluate(axe);
  return page.evaluate(async (ignored) => {
    const { axe } = globalThis as unknown as { axe: { run(where: Document, options: RunOptions): Promise<AxeResults> } };
    const rules = Object.fromEntries(ignored.map((rule) => [rule, { enabled: false }]));
    const { violations } = await axe.run(document, {
      resultTypes: ["violations"],
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
      rules,
    });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
  }, ofTheGenerator);
}

inBrowser("a reader", (open) => {
  it("on a phone scrolls no page sideways", async () => {
    // The page as it is sent: scripts change nothing of its width but in diagrams, which are looked at below.
    const page = await open("/", { width: phone, javaScriptEnabled: false });
    const wide: string[] = [];
    for (const { address } of readBuilt()) {
      await page.goto(new URL(address, page.url()).href);
      if ((await page.evaluate(() => document.documentElement.scrollWidth)) > phone) wide.push(address);
    }
    expect(wide).toEqual([]);
  });

  it("sees diagrams, in light and in dark, and none makes the page wider", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open("/architecture", { width: phone, colorScheme });
      await page.locator(".diagram svg").nth(3).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(phone);
      expect(await page.locator(".diagram svg").count()).toBe(await page.locator(".diagram").count());
    }
  });

  describe.each(["light", "dark"] as const)("with the colours %s", (colorScheme) => {
    it.each([
      ["/", desktop],
      ["/guides/troubleshooting", phone],
      ["/errors", desktop],
      ["/api/ky", desktop],
    ])("%s at %i pixels has the contrast and the names that WCAG 2.1 AA wants", async (address, width) => {
      const page = await untilAlive(await open(address, { width, colorScheme }));
      expect(await faultsOf(page)).toEqual([]);
    });

    it("so has the search", async () => {
      const page = await untilAlive(await open("/", { width: desktop, colorScheme }));
      await page.keyboard.press("/");
      await page.locator(".search-input").fill("logout");
      await page.locator(".results .result").first().waitFor();
      expect(await faultsOf(page)).toEqual([]);
    });
  });
});
