import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScene, type Scene } from "../../examples/tabs/scene.ts";
import { startBrowser, type TestBrowser } from "../setup/browser.ts";
import { chromium, reasonNotToRun } from "../setup/programs.ts";

const folder = fileURLToPath(new URL("../../docs/images", import.meta.url));
const isFull = process.env["TOKENFLIGHT_FULL"] === "1";

const desktop = { width: 1120, height: 640 };
const phone = { width: 390, height: 780 };
const pictures = (["light", "dark"] as const).flatMap((scheme) =>
  Object.entries({ desktop, phone }).map(([size, viewport]) => ({ scheme, size, viewport })),
);

/** A row of the table: what the page says of one generation. */
interface Row {
  readonly generation: string;
  readonly by: string;
  readonly requests: string;
  readonly others: string;
  readonly calls: string;
}

const reason = reasonNotToRun(chromium);

describe.skipIf(reason !== undefined)(reason ?? "examples/tabs", { timeout: 90_000 }, () => {
  let scene: Scene;
  let browser: TestBrowser;
  const tabs: Page[] = [];

  beforeAll(async () => {
    [scene, browser] = await Promise.all([startScene({ ttl: 5 }), startBrowser()]);
  }, 60_000);
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await scene?.close();
  });

  const openTab = async (): Promise<Page> => {
    const tab = await browser.context.newPage();
    await tab.goto(scene.origin);
    await tab.waitForSelector("body[data-state]");
    tabs.push(tab);
    return tab;
  };
  const rowsOf = (tab: Page): Promise<Row[]> =>
    tab.$$eval("#generations tr", (rows) => rows.map((row) => ({ ...(row as HTMLElement).dataset }) as unknown as Row));
  const numberOf = async (tab: Page, id: string): Promise<number> => Number(await tab.textContent(`#${id}`));
  const reach = (tab: Page, generation: number): Promise<unknown> =>
    tab.waitForFunction((least) => Number(document.body.dataset["generation"]) >= least, generation, { timeout: 60_000 });

  it.each(["page", "worker"] as const)(
    "four tabs, one token request for each generation, every call answered with 200 (%s)",
    async (place) => {
      const first = tabs[0] ?? (await openTab());
      await first.click(`input[value=${place}]`);
      await first.click("button[data-user=Ada]");
      await first.waitForSelector(`body[data-state=logged-in][data-place=${place}]`);
      while (tabs.length < 4) await openTab();
      await Promise.all(tabs.map((tab) => tab.waitForSelector(`body[data-state=logged-in][data-place=${place}]`)));
      const begun = Number((await rowsOf(first))[0]?.generation);
      const { refreshes } = scene.server.stats;
      const requests = scene.server.stats.tokenRequests["refresh_token"] ?? 0;

      await first.click("#calls-everywhere");
      await reach(first, begun + 2);
      await first.click("#revoke");
      await first.click("#calls-everywhere");
      await reach(first, begun + 4);

      const all = await Promise.all(tabs.map(rowsOf));
      for (const rows of all) {
        const fresh = rows.filter(({ generation }) => Number(generation) > begun);
        expect(fresh.length).toBeGreaterThanOrEqual(4);
        expect(new Set(fresh.map(({ generation }) => generation)).size).toBe(fresh.length);
        expect(fresh.map(({ requests: asked }) => asked)).toEqual(fresh.map(() => "1"));
        if (place === "worker") expect(new Set(fresh.map(({ by }) => by))).toEqual(new Set(["Worker"]));
      }
      const { stats } = scene.server;
      expect(stats).toMatchObject({ refreshTokenReuses: 0, familiesRevoked: 0 });
      expect((stats.tokenRequests["refresh_token"] ?? 0) - requests).toBe(stats.refreshes - refreshes);
      expect(await Promise.all(tabs.map((tab) => numberOf(tab, "failed")))).toEqual([0, 0, 0, 0]);
      for (const tab of tabs) expect(await numberOf(tab, "answered")).toBeGreaterThan(400);
    },
  );

  it.runIf(isFull).each(pictures)("a picture of it: $scheme, $size", async ({ scheme, size, viewport }) => {
    const [first] = tabs as [Page];
    mkdirSync(folder, { recursive: true });
    await first.bringToFront();
    await first.emulateMedia({ colorScheme: scheme });
    await first.setViewportSize(viewport);
    // The picture is drawn anew in the next frame.
    await first.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    const picture = await first.screenshot({ path: `${folder}/tabs-${size}-${scheme}.png` });
    expect(picture.length).toBeLessThan(150_000);
  });

  it("the logout of one tab is the logout of all, and so is a change of user", async () => {
    const [first, second] = tabs as [Page, Page];
    await second.click("#log-out");
    await Promise.all(tabs.map((tab) => tab.waitForSelector("body[data-state=logged-out]")));
    await first.click("button[data-user=Ben]");
    await Promise.all(tabs.map((tab) => tab.waitForSelector("body[data-state=logged-in][data-user=Ben]")));
    await second.click("button[data-user=Ada]");
    await Promise.all(tabs.map((tab) => tab.waitForSelector("body[data-state=logged-in][data-user=Ada]")));
    expect(scene.server.stats.refreshTokenReuses).toBe(0);
  });
});
