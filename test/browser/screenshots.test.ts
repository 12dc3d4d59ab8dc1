import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScene, type Scene } from "../../examples/tabs/scene.ts";
import { startBrowser, type TestBrowser } from "../setup/browser.ts";
import { chromium, reasonNotToRun } from "../setup/programs.ts";

const folder = fileURLToPath(new URL("../../docs/images", import.meta.url));
const isFull = process.env["TOKENFLIGHT_FULL"] === "1";
/** For the pictures, tokens end by themselves. On a machine that is busy with other tests a call may be under way for longer than such a token lives. */
const ttl = isFull ? 6 : 120;

const desktop = { width: 1120, height: 640 };
const phone = { width: 390, height: 844 };
/** Both schemes and both sizes, and with each of them another place of the refreshes. */
const pictures = [
  { place: "page", scheme: "light", size: "desktop", viewport: desktop },
  { place: "page", scheme: "dark", size: "phone", viewport: phone },
  { place: "worker", scheme: "dark", size: "desktop", viewport: desktop },
  { place: "worker", scheme: "light", size: "phone", viewport: phone },
] as const;

/** Bytes. */
const largest = 150_000;

/** A row of the table: what the page says of one generation. */
interface Row {
  readonly generation: string;
  readonly by: string;
  readonly requests: string;
  readonly others: string;
  readonly calls: string;
}

const reason = reasonNotToRun(chromium);

describe.skipIf(reason !== undefined)(reason ?? "examples/tabs", { timeout: 120_000 }, () => {
  let scene: Scene;
  let browser: TestBrowser;
  const tabs: Page[] = [];

  beforeAll(async () => {
    [scene, browser] = await Promise.all([startScene({ ttl }), startBrowser()]);
  }, 60_000);
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await scene?.close();
  }, 60_000);

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
  /** Clicks, and waits until so many more calls are answered, and none is under way. */
  const call = async (tab: Page, button: string, count: number): Promise<void> => {
    const least = (await numberOf(tab, "answered")) + count;
    await tab.click(button);
    await tab.waitForFunction((wanted) => Number(document.querySelector("#answered")?.textContent) >= wanted, least, { timeout: 60_000 });
    await Promise.all(tabs.map((one) => one.waitForSelector("body[data-pending='0']")));
  };
  const reach = (tab: Page, generation: number): Promise<unknown> =>
    tab.waitForFunction((least) => Number(document.body.dataset["generation"]) >= least, generation, { timeout: 60_000 });

  const renewUntil = async (tab: Page, generation: number): Promise<void> => {
    if (!isFull) await tab.click("#revoke");
    await reach(tab, generation);
  };
  const take = async (tab: Page, { scheme, size, viewport }: (typeof pictures)[number]): Promise<void> => {
    mkdirSync(folder, { recursive: true });
    await tab.bringToFront();
    await tab.emulateMedia({ colorScheme: scheme });
    await tab.setViewportSize(viewport);
    // It is drawn anew in the next frame.
    await tab.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    const picture = await tab.screenshot({ path: `${folder}/tabs-${size}-${scheme}.png` });
    expect(picture.length).toBeLessThan(largest);
  };

  it.each(["page", "worker"] as const)(
    "four tabs, one token request for each generation, every call answered with 200 (%s)",
    async (place) => {
      const first = tabs[0] ?? (await openTab());
      await first.click(`input[value=${place}]`);
      if (tabs.length < 4) await first.click("button[data-user=Ada]");
      await first.waitForSelector(`body[data-state=logged-in][data-place=${place}]`);
      while (tabs.length < 4) await openTab();
      await Promise.all(tabs.map((tab) => tab.waitForSelector(`body[data-state=logged-in][data-place=${place}]`)));
      await reach(first, 1);
      const begun = Number((await rowsOf(first))[0]?.generation);
      const { refreshes } = scene.server.stats;
      const requests = scene.server.stats.tokenRequests["refresh_token"] ?? 0;

      await renewUntil(first, begun + 1);
      await call(first, "#calls-everywhere", 200);
      await first.click("#revoke");
      await call(first, "#calls", 50);
      await renewUntil(first, begun + 3);

      const all = await Promise.all(tabs.map(rowsOf));
      for (const rows of all) {
        const fresh = rows.filter(({ generation }) => Number(generation) > begun);
        expect(fresh.length).toBeGreaterThanOrEqual(3);
        expect(new Set(fresh.map(({ generation }) => generation)).size).toBe(fresh.length);
        expect(fresh.map(({ requests: asked }) => asked)).toEqual(fresh.map(() => "1"));
        if (place === "worker") expect(new Set(fresh.map(({ by }) => by))).toEqual(new Set(["Worker"]));
      }
      const { stats } = scene.server;
      expect(stats).toMatchObject({ refreshTokenReuses: 0, familiesRevoked: 0 });
      // One may be under way.
      await expect.poll(() => (stats.tokenRequests["refresh_token"] ?? 0) - requests - (stats.refreshes - refreshes)).toBe(0);
      expect(await Promise.all(tabs.map((tab) => numberOf(tab, "failed")))).toEqual([0, 0, 0, 0]);
      for (const tab of tabs) expect(await numberOf(tab, "answered")).toBeGreaterThan(250);
      if (isFull) for (const picture of pictures) if (picture.place === place) await take(first, picture);
    },
  );

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
