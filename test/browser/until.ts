import { setTimeout as sleep } from "node:timers/promises";
import type { Frame } from "./browsers.ts";

/** Asks a page until it says so, wherever it goes meanwhile. The test's own timeout ends it. Firefox forgets to answer for some pages that are left. */
export async function until<Given extends readonly unknown[]>(
  page: Frame,
  isSo: (...given: Given) => boolean | Promise<boolean>,
  ...given: Given
): Promise<void> {
  for (;;) {
    const answer = page.run(isSo, ...given).catch(() => false);
    if (await Promise.race([answer, sleep(1000, false, { ref: false })])) return;
    await sleep(20);
  }
}
