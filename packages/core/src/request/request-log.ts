import { systemClock } from "../clock/clock.ts";
import { guarded } from "../events.ts";
import type { AdapterEvent, NotReplayedReason, WithoutTokenReason } from "./bearer-options.ts";
import { parseUrl } from "../platform/fallbacks.ts";
import { hasOwn } from "../platform/own.ts";

/** Milliseconds in which the same is told once. */
const interval = 60_000;
/** Of origins and reasons that are remembered. */
const most = 1000;

/** Tells the caller's observer of requests. Without one, nothing is looked at. */
export class RequestLog {
  readonly #observe: ((event: AdapterEvent) => void) | undefined;
  readonly #told = new Map<string, number>();

  constructor(observe: ((event: AdapterEvent) => void) | undefined) {
    this.#observe = observe === undefined ? undefined : guarded(observe);
  }

  /** Tells that a token goes over plain http. */
  insecureOrigin(origin: string): void {
    this.#observe?.({ type: "insecure-origin", origin });
  }

  /** Tells that a request goes without a token, once a minute for each origin and reason. */
  withoutToken(url: string, reason: WithoutTokenReason): void {
    if (this.#observe === undefined) return;
    const origin = originOf(url);
    if (reason === "origin" && hasCredentials(url)) return this.withoutToken(origin, "own-credentials");
    if (this.#isDue(`${reason} ${origin}`)) this.#observe({ type: "request-without-token", origin, reason });
  }

  /** A request that was sent with a token has failed. */
  failed(request: { readonly url: string; readonly signal: AbortSignal | undefined }, error: unknown): void {
    if (this.#observe === undefined || request.signal?.aborted || !isUnseen(error)) return;
    const { location, navigator } = globalThis as PageGlobals;
    // Without CORS there is nothing that a page may not see.
    if (location === undefined || navigator?.onLine === false) return;
    const origin = originOf(request.url);
    if (origin === location.origin || origin === unknown || !this.#isDue(`unanswered ${origin}`)) return;
    this.#observe({ type: "request-unanswered", origin });
  }

  /** Whether it was not told in the last minute. */
  #isDue(about: string): boolean {
    const now = systemClock.monotonic();
    const last = this.#told.get(about);
    if (last !== undefined && now - last < interval) return false;
    if (last === undefined && this.#told.size >= most) this.#told.clear();
    this.#told.set(about, now);
    return true;
  }

  /** A client may have to compute the URL of a request, which is read only when there is somebody to tell. */
  replayed(request: string | WithUrl, outcome: "accepted" | "failed" | "refused"): void {
    this.#observe?.({ type: "request-replayed", origin: originOfRequest(request), outcome });
  }

  /** Tells that a refused request was not sent again. */
  notReplayed(request: string | WithUrl, reason: NotReplayedReason): void {
    this.#observe?.({ type: "request-not-replayed", origin: originOfRequest(request), reason });
  }
}

/** A request, of which nothing but its URL is told. */
interface WithUrl {
  /** The URL of the request. */
  readonly url: string;
}

interface PageGlobals {
  readonly location?: { readonly origin?: unknown };
  readonly navigator?: { readonly onLine?: unknown };
}

/** As fetch and XMLHttpRequest, by way of axios, tell of an answer that a page may not see. Other errors say themselves what is wrong. */
function isUnseen(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  return error instanceof TypeError || (hasOwn(error, "code") && (error as { code?: unknown }).code === "ERR_NETWORK");
}

/** A URL with a user name or a password in it is at none of the origins that may have the token. */
function hasCredentials(url: string): boolean {
  const parsed = url.includes("@") ? parseUrl(url) : null;
  return parsed !== null && (parsed.username !== "" || parsed.password !== "");
}

function originOfRequest(request: string | WithUrl): string {
  return originOf(typeof request === "string" ? request : request.url);
}

const unknown = "unknown";

/** Unknown is that of a URL that is relative to a page, or that no client can send to. */
function originOf(url: string): string {
  const parsed = parseUrl(url);
  return parsed === null || parsed.host === "" ? unknown : `${parsed.protocol}//${parsed.host}`;
}
