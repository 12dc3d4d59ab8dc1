import { chromium, firefox, type Program } from "../setup/programs.ts";
import type { Browser, BrowserOptions } from "./browser.ts";
import { startChromium } from "./chromium.ts";
import { startFirefox } from "./firefox.ts";

export type { Browser, BrowserOptions, Frame, Tab } from "./browser.ts";

export interface BrowserKind {
  readonly name: "Chromium" | "Firefox";
  readonly program: Program;
  start(options?: BrowserOptions): Promise<Browser>;
}

export const browsers: readonly BrowserKind[] = [
  { name: "Chromium", program: chromium, start: startChromium },
  { name: "Firefox", program: firefox, start: startFirefox },
];
