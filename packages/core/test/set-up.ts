import { createTokenCache, type TokenCacheOptions } from "../src/cache/create-token-cache.ts";
import type { TokenEvent } from "../src/events.ts";
import type { TokenCache } from "../src/cache/token-cache.ts";
import type { TokenResponse } from "../src/tokens/token-response.ts";
import { HandSource } from "./hand-source.ts";
import { TestClock } from "./test-clock.ts";

export interface SetUp {
  readonly clock: TestClock;
  readonly hand: HandSource;
  readonly events: TokenEvent[];
  readonly tokens: TokenCache;
}

/** A token cache on a clock and a source that are moved by hand. */
export function setUp(options: Partial<TokenCacheOptions> & { clock?: TestClock; hand?: HandSource } = {}): SetUp {
  const { clock = new TestClock(), hand = new HandSource(), source = hand.source, identity = source.identity ?? "test", ...rest } = options;
  const events: TokenEvent[] = [];
  const tokens = createTokenCache({ source, identity, clock, observe: (event) => events.push(event), ...rest });
  return { clock, hand, events, tokens };
}

/** A token response of an hour with a refresh token that may be used once. */
export function response(name: string, fields: Partial<TokenResponse> = {}): TokenResponse {
  return { access_token: `access-${name}`, refresh_token: `refresh-${name}`, expires_in: 3600, ...fields };
}
