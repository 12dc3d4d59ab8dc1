import { expect, it } from "vitest";
import { inBrowser, untilAlive } from "./in-browser.ts";

/** What people look for, and where it is said. One of them is among the first three finds. */
const wanted: readonly [string, RegExp][] = [
  ["refresh token rotation", /troubleshooting#logged-out-with-refresh-token-rotation/],
  ["401 loop", /troubleshooting#a-401-loop/],
  ["offline_access", /troubleshooting#no-refresh-token-offline_access/],
  ["proxy", /proxies-and-certificates#behind-a-proxy/],
  ["Jest", /runtimes#test-runners|guides\/testing/],
  ["logout", /troubleshooting#after-a-logout|acting-for-a-user|single-page-app#several-tabs/],
  ["two tabs", /single-page-app#several-tabs|guides\/several-tabs/],
  ["invalid_grant", /troubleshooting#invalid_grant/],
  // Names of the API, though guides use them more often.
  ["TokenRequestError", /api\/core#tokenrequesterror/],
  ["createTokenPool", /api\/core#createtokenpool/],
  ["certificate authority", /proxies-and-certificates/],
];

inBrowser("the search", (open) => {
  it("finds a fitting section among the first three", async () => {
    const page = await untilAlive(await open("/", { width: 1280 }));
    await page.keyboard.press("/");
    const results = page.locator(".results .result");
    const firstThree = (): Promise<string> =>
      results.evaluateAll((found) =>
        found
          .slice(0, 3)
          .map((result) => result.getAttribute("href"))
          .join(" "),
      );
    for (const [words, fitting] of wanted) {
      await page.locator(".search-input").fill("");
      await expect.poll(() => results.count()).toBe(0);
      await page.locator(".search-input").fill(words);
      await expect.poll(firstThree, { message: words, timeout: 15_000 }).toMatch(fitting);
    }
  });
});
