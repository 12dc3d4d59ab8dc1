import { InvalidOptionError } from "../../errors/tokenflight-error.ts";
import { requireWholeUrl } from "../../options.ts";
import { parseUrl } from "../../platform/fallbacks.ts";
import { ownOption } from "../../platform/own.ts";
import type { BearerOptions } from "../bearer-options.ts";

interface PageGlobals {
  readonly document?: { readonly baseURI?: unknown };
  readonly location?: { readonly href?: unknown };
  readonly navigator?: { readonly userAgent?: unknown };
  readonly process?: { readonly versions?: { readonly node?: unknown }; readonly type?: unknown };
}

/** The URL that relative ones are relative to in a page or a worker; undefined where there is none. */
export function pageUrl(): string | undefined {
  const { document, location } = globalThis as PageGlobals;
  const base = document?.baseURI ?? location?.href;
  return typeof base === "string" ? base : undefined;
}

/** An absolute URL, as fetch would have it; undefined for what is relative to nothing, and for what is no URL. */
export function absoluteUrl(url: string): string | undefined {
  if (parseUrl(url) !== null) return url;
  let resolved = url;
  try {
    // fetch itself knows best what a URL is relative to.
    resolved = new Request(url).url;
  } catch {
    // There is no Request here, or none that would take a relative URL.
  }
  return parseUrl(resolved, pageUrl())?.href;
}

/**
 * The origin of a client's base URL, which may be relative to a page; undefined when there is none.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`) for one that is relative where there is no page, unless `origins` stand in its place.
 */
export function originsOfBase(base: string | undefined, options: BearerOptions<never> | undefined): string[] | undefined {
  if (base === undefined || base === "" || ownOption(options ?? undefined, "origins") !== undefined) return undefined;
  requireWholeUrl("origins");
  const absolute = absoluteUrl(base);
  if (absolute !== undefined) return [new URL(absolute).origin];
  const expected =
    'an origin that may have the token, such as "https://api.example.com", because the base URL is relative to a page and this is none';
  throw new InvalidOptionError("origins", expected, "nothing");
}

/**
 * Whether this is a browser, where no program sees where a redirect leads: the platform follows it, and takes `Authorization` off. A page that Node plays
 * for a test is none, nor is a server whose user agent some library says to be a browser's. A window of Electron's may have both, Node and a browser.
 */
export function isInBrowser(): boolean {
  const { navigator, process } = globalThis as PageGlobals;
  if (process?.versions?.node !== undefined && ownOption(process, "type") !== "renderer") return false;
  return /^Mozilla\/(?!.*(?:jsdom|happydom))/i.test(String(navigator?.userAgent));
}
