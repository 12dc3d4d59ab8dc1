import { mkdtempSync, rmSync, statSync } from "node:fs";
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
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

export async function startBrowser(): Promise<TestBrowser> {
  const profile = mkdtempSync(join(tmpdir(), "tokenflight-chromium-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: find(program.name), headless: true, args: quiet });
  return {
    context,
    async [Symbol.asyncDispose]() {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Playwright wants the whole path. */
function find(name: string): string {
  const places = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name));
  const found = places.find((place) => statSync(place, { throwIfNoEntry: false })?.isFile());
  if (found === undefined) throw new Error(`There is no ${name} in PATH.`);
  return found;
}
