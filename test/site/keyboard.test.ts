import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { readContents } from "../../docs/site/contents.ts";
import { inBrowser, untilAlive } from "./in-browser.ts";

/** What has the focus, by its name, and whether that can be seen. */
function focused(page: Page): Promise<{ name: string; isSeen: boolean }> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const { width, height } = element.getBoundingClientRect();
    return {
      name: element.getAttribute("aria-label") ?? (element.innerText.trim() || element.title),
      isSeen: outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0 && width > 1 && height > 1,
    };
  });
}

async function tabs(page: Page, count: number): Promise<string[]> {
  const names: string[] = [];
  for (let press = 0; press < count; press += 1) {
    await page.keyboard.press("Tab");
    const { name, isSeen } = await focused(page);
    names.push(isSeen ? name : `${name} (not seen)`);
  }
  return names;
}

const [firstGroup] = readContents();
const firstInMenu = [firstGroup?.title, firstGroup?.entries[0]?.title];

inBrowser("a reader without a mouse", (open) => {
  it("gets to the text by the first link, or to search, menu and pages in this order, and sees where the focus is", async () => {
    const page = await untilAlive(await open("/guides/mcp", { width: 1280 }));
    expect(await tabs(page, 8)).toEqual([
      "Skip to content",
      "Tokenflight",
      "Search",
      "Contents",
      "API",
      "Switch to dark theme",
      ...firstInMenu,
    ]);

    await page.reload();
    await untilAlive(page);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.querySelector("#VPContent")?.contains(document.activeElement))).toBe(true);
  });

  it("opens the search by a key, goes to what was found by another, and is back where it was by a third", async () => {
    const page = await untilAlive(await open("/guides/mcp", { width: 1280 }));
    await page.keyboard.press("Control+k");
    await page.locator(".search-input").waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".search-input").waitFor({ state: "detached" });

    await page.keyboard.press("/");
    await page.keyboard.type("invalid_grant");
    await page.locator(".results .result").first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/guides\/troubleshooting#invalid_grant$/);
    await page.locator(".search-input").waitFor({ state: "detached" });
  });

  it("opens the menu on a phone, and goes to a page from it", async () => {
    const page = await untilAlive(await open("/", { width: 390 }));
    expect(await tabs(page, 5)).toEqual(["Skip to content", "Tokenflight", "Search", "mobile navigation", "Menu"]);
    await page.keyboard.press("Enter");
    await page.locator(".VPSidebar.open").waitFor();
    expect(await tabs(page, 2)).toEqual(firstInMenu);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname !== "/");
    await page.locator(".VPSidebar.open").waitFor({ state: "detached" });
  });
});
