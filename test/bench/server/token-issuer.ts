import { setTimeout as sleep } from "node:timers/promises";
import type { ServerCounts, ServerMode } from "./server-counts.ts";

type TokenAnswer = { status: number; body: Readonly<Record<string, unknown>> };

/** Issues tokens, knows which are good, and counts. As little work as possible, because its client is what is measured. */
export class TokenIssuer {
  readonly #mode: ServerMode;
  /** Access tokens and when they end, in milliseconds since the UNIX epoch. */
  readonly #good = new Map<string, number>();
  readonly #spent = new Set<string>();
  readonly #times: number[] = [];
  #revoked = 0;
  #issued = 0;
  /** Resolves when the first token of this mode has been issued. */
  readonly firstIssued: Promise<void>;
  readonly #tellFirst: () => void;
  requests = 0;
  refused = 0;

  constructor(mode: ServerMode) {
    this.#mode = mode;
    for (const token of mode.accepts) this.#good.set(token, Number.POSITIVE_INFINITY);
    ({ promise: this.firstIssued, resolve: this.#tellFirst } = Promise.withResolvers<void>());
  }

  takes(authorization: string | undefined): boolean {
    this.requests += 1;
    const until = this.#good.get(authorization?.slice("Bearer ".length) ?? "");
    const good = until !== undefined && Date.now() < until;
    if (!good) this.refused += 1;
    return good;
  }

  async answer(refreshToken: string): Promise<TokenAnswer> {
    this.#times.push(Date.now());
    // Decided when it arrives: of two that come together, one is too late.
    const good = this.#use(refreshToken);
    await sleep(this.#mode.tokenDelay);
    if (!good) return { status: 400, body: { error: "invalid_grant" } };
    this.#issued += 1;
    const accessToken = `issued-${this.#issued}.${"b".repeat(200)}`;
    this.#good.set(accessToken, Date.now() + this.#mode.lifetime * 1000);
    this.#tellFirst();
    return {
      status: 200,
      body: {
        access_token: accessToken,
        token_type: "Bearer",
        expires_in: this.#mode.lifetime,
        refresh_token: this.#mode.rotate ? `${refreshToken}+` : refreshToken,
      },
    };
  }

  #use(refreshToken: string): boolean {
    if (!this.#mode.rotate) return true;
    if (this.#revoked > 0) return false;
    if (!this.#spent.has(refreshToken)) {
      this.#spent.add(refreshToken);
      return true;
    }
    this.#revoked += 1;
    this.#good.clear();
    return false;
  }

  counts(): ServerCounts {
    return {
      requests: this.requests,
      refused: this.refused,
      tokenRequests: this.#times.length,
      tokenRequestTimes: this.#times,
      familiesRevoked: this.#revoked,
    };
  }
}
