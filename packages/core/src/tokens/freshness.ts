import type { Clock } from "../clock/clock.ts";
import { readOptions, requireSeconds, requireThat } from "../options.ts";
import type { TokenSet } from "./token-set.ts";

/** When a token is refreshed ahead and when it is no longer sent. Times are in seconds. */
export interface FreshnessOptions {
  /** Seconds before its end from which on a token is refreshed in the background. Default: a quarter of its lifetime, at most 300. */
  ahead?: number | undefined;
  /** Seconds before its end from which on a token is not sent any more. Default: a twentieth of its lifetime, at most 30. */
  margin?: number | undefined;
  /** Lifetime, in seconds, of a token of which nothing says when it expires. Default: unknown, so that only a refusal refreshes it. */
  defaultLifetime?: number | undefined;
  /** Whether the `exp` of an access token that is a JWT counts where the token response does not say when it expires. Default true. */
  jwtExpiry?: boolean | undefined;
}

/** Two moments in one token's life, in milliseconds since the UNIX epoch. */
export interface Expiries {
  /** Soft expiry: from here on a background refresh is due. Milliseconds since the UNIX epoch. */
  refreshAt: number;
  /** Hard expiry: from here on the token is not sent. Milliseconds since the UNIX epoch. */
  usableUntil: number;
}

export interface Freshness {
  (tokenSet: TokenSet): Expiries;
  readonly jwtExpiry: boolean;
}

const nothing: Expiries = { refreshAt: Number.NEGATIVE_INFINITY, usableUntil: Number.NEGATIVE_INFINITY };
const endless: Expiries = { refreshAt: Number.POSITIVE_INFINITY, usableUntil: Number.POSITIVE_INFINITY };

/**
 * Windows scale with the lifetime, so that tokens of two seconds and of thirty days both work, and a window that was set never covers more than
 * half of it. Chance puts the soft expiry of each token off by up to a fifth of the window, so that a fleet does not refresh in one moment.
 */
export function createFreshness(options: FreshnessOptions = {}, clock: Pick<Clock, "random">): Freshness {
  const names = ["ahead", "margin", "defaultLifetime", "jwtExpiry"] as const;
  const { ahead, margin, defaultLifetime, jwtExpiry = true } = readOptions("freshness", options, names);
  for (const [name, value] of Object.entries({ ahead, margin, defaultLifetime }))
    if (value !== undefined) requireSeconds(`freshness.${name}`, value);
  requireThat(typeof jwtExpiry === "boolean", "freshness.jwtExpiry", "true or false", jwtExpiry);

  const expiriesOf = (tokenSet: TokenSet): Expiries => {
    // Only a refresh token is known, whatever the clock says.
    if (tokenSet.accessToken === "") return nothing;
    const expiresAt = tokenSet.expiresAt ?? (defaultLifetime === undefined ? undefined : tokenSet.issuedAt + defaultLifetime * 1000);
    if (expiresAt === undefined) return endless;
    const lifetime = Math.max(0, expiresAt - tokenSet.issuedAt);
    const soft = ahead === undefined ? Math.min(lifetime / 4, 300_000) : Math.min(ahead * 1000, lifetime / 2);
    const hard = margin === undefined ? Math.min(lifetime / 20, 30_000) : Math.min(margin * 1000, lifetime / 2);
    const usableUntil = expiresAt - hard;
    return { refreshAt: Math.min(expiresAt - soft * (1 - 0.2 * clock.random()), usableUntil), usableUntil };
  };
  return Object.assign(expiriesOf, { jwtExpiry });
}
