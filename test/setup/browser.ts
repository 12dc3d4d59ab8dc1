import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { chromium, type BrowserContext } from "playwright-core";
import { chromium as program } from "./programs.ts";

/** A headless Chromium of this test's own, with a profile of its own. */
export interface TestBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
}

/** What a test needs no browser for, and no name but those of this machine. */
const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

export interface TestBrowserOptions {
  /** A window that keeps nothing on the disk. */
  isPrivate?: boolean | undefined;
  /** What the user has set, as the profile keeps it. */
  preferences?: object | undefined;
}

export async function startBrowser({ isPrivate = false, preferences = {} }: TestBrowserOptions = {}): Promise<TestBrowser> {
  const options = {
    executablePath: find(program.name),
    headless: true,
    args: quiet,
    // Tests of pages that come back from it want it.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  };
  if (isPrivate) {
    const browser = await chromium.launch(options);
    return { context: await browser.newContext(), [Symbol.asyncDispose]: () => browser.close() };
  }
  const profile = makeProfile("chromium");
  mkdirSync(join(profile, "Default"));
  writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, options);
  return {
    context,
    async [Symbol.asyncDispose]() {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A folder for a profile. One that a browser was not closed for goes when all tests of a run are over. */
export function makeProfile(name: string): string {
  return mkdtempSync(join(process.env["TOKENFLIGHT_PROFILES"] ?? tmpdir(), `tokenflight-${name}-`));
}

/** Playwright wants the whole path. */
function find(name: string): string {
  const places = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name));
  const found = places.find((place) => statSync(place, { throwIfNoEntry: false })?.isFile());
  if (found === undefined) throw new Error(`There is no ${name} in PATH.`);
  return found;
}
