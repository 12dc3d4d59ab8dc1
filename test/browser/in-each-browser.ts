import { afterAll, beforeAll, describe } from "vitest";
import { reasonNotToRun } from "../setup/programs.ts";
import { isFullRun } from "../setup/repetitions.ts";
import { browsers, type Browser, type BrowserKind, type Tab } from "./browsers.ts";

/** What tests in one browser get. */
export interface InBrowser {
  readonly name: BrowserKind["name"];
  readonly start: BrowserKind["start"];
  /** The one that all tests of this process share. Tabs that a file leaves open are closed at its end. */
  readonly browser: Pick<Browser, "open" | "stopWorkers" | "tabs">;
}

/** Milliseconds after which Firefox stops a service worker that has nothing to do. */
export const workerIdle = 500;

/** One of each kind, for all files that this process runs (`isolate: false`): to start one takes longer than most tests. It ends with the process. */
const running = ((globalThis as { runningBrowsers?: Map<string, Promise<Browser>> }).runningBrowsers ??= new Map());

function shared({ name, start }: BrowserKind): Promise<Browser> {
  const known = running.get(name);
  if (known !== undefined) return known;
  const started = start({ workerIdle });
  // Vitest ends a process without waiting for what it has started; what a browser leaves behind goes at the exit.
  if (running.size === 0) process.once("SIGTERM", () => process.exit());
  running.set(name, started);
  return started;
}

/**
 * Tests that run in every browser, in all of them side by side: each has what it needs of its own. A full run, which measures, has one at a time. Where one is
 * not installed they are skipped by name, and with CI=true they fail.
 */
export function inEachBrowser(title: string, tests: (given: InBrowser) => void, timeout = 60_000): void {
  const inEach = isFullRun ? describe.each(browsers) : describe.concurrent.each(browsers);
  inEach(`${title}, in $name`, (kind) => {
    const { name, program, start } = kind;
    const reason = reasonNotToRun(program);
    describe.skipIf(reason !== undefined)(reason ?? "with all that it has", { timeout, concurrent: false }, () => {
      let browser: Browser;
      const opened: Tab[] = [];
      beforeAll(async () => {
        browser = await shared(kind);
      }, 60_000);
      afterAll(() => Promise.all(opened.map((tab) => tab.close().catch(() => {}))), 30_000);
      tests({
        name,
        start,
        browser: {
          async open(url) {
            const tab = await browser.open(url);
            opened.push(tab);
            return tab;
          },
          stopWorkers: () => browser.stopWorkers(),
          tabs: () => browser.tabs(),
        },
      });
    });
  });
}
