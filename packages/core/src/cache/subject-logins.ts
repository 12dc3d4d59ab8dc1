import { withDeadline } from "../clock/deadline.ts";
import { waitFor } from "../clock/waits.ts";
import { InvalidOptionError } from "../errors/tokenflight-error.ts";
import { tokenFacts } from "../events.ts";
import { readOptions } from "../options.ts";
import { ownOnly, ownOption } from "../platform/own.ts";
import { hasEnded } from "../record/purposes.ts";
import type { SubjectRecord } from "../record/record.ts";
import { begin, overwrite, type Overwritten } from "../refresh/login.ts";
import { readAndTell } from "../refresh/source-call.ts";
import type { SubjectParts } from "../refresh/refresh.ts";
import { hasWebCrypto } from "../platform/web-crypto.ts";
import { storeKey } from "../store/store.ts";
import { readInitialTokens, toTokenResponse, type InitialTokens } from "../tokens/token-response.ts";
import { fingerprint, TokenSet } from "../tokens/token-set.ts";
import { statusOf } from "./login-status.ts";
import type { SubjectRefreshes } from "./subject-refreshes.ts";

/** The logins and logouts of one subject, one after the other. */
export class SubjectLogins {
  readonly #parts: SubjectParts;
  readonly #refreshes: SubjectRefreshes;
  /** The one that was called last, while it is under way. */
  #overwriting: Promise<unknown> | undefined;

  constructor(parts: SubjectParts, refreshes: SubjectRefreshes) {
    this.#parts = parts;
    this.#refreshes = refreshes;
  }

  get isBusy(): boolean {
    return this.#overwriting !== undefined;
  }

  async save(given: TokenSet | InitialTokens): Promise<TokenSet> {
    const tokenSet = this.#read(given);
    const { record } = await this.#overwrite(tokenSet);
    this.#loggedIn(tokenSet, record);
    return tokenSet;
  }

  async seed(given: TokenSet | InitialTokens): Promise<boolean> {
    const tokenSet = this.#read(withoutSpace(given));
    const { cell, source, clock } = this.#parts;
    const secret = tokenSet.refreshToken ?? tokenSet.accessToken;
    const name = cell.shared === undefined || !hasWebCrypto() ? fingerprint(secret) : (await storeKey("seed", secret)).slice(0, 16);
    const isOver = (record: SubjectRecord): boolean =>
      hasEnded(record, clock.now()) ||
      statusOf(ownOnly({ ...record, loginRequired: undefined }), source, clock.now()).state === "logged-out";
    const record = await this.#inOrder(() => begin(this.#parts, this.#refreshes.held, { tokenSet, name }, isOver));
    if (record !== undefined) this.#loggedIn(tokenSet, record);
    return record !== undefined;
  }

  #read(given: TokenSet | InitialTokens): TokenSet {
    return readAndTell(this.#parts, (options) => readInitialTokens(given, this.#parts.clock.now(), options));
  }

  #loggedIn(tokenSet: TokenSet, { generation }: SubjectRecord): void {
    const { source, observe } = this.#parts;
    this.#refreshes.refusedAccessToken = undefined;
    this.#refreshes.begin();
    this.#refreshes.current.obtained(undefined);
    observe({ type: "token-saved", ...tokenFacts(tokenSet, generation) });
    if (tokenSet.refreshToken === undefined && ownOption(source, "requiresLogin") === true) observe({ type: "no-refresh-token" });
  }

  async forget(options: { revoke?: boolean | undefined } = {}): Promise<void> {
    const { revoke = false } = readOptions("forget", options, ["revoke"]);
    const revokeTokens = ownOption(this.#parts.source, "revoke");
    if (revoke && !revokeTokens) throw new InvalidOptionError("forget.revoke", "a token source that can revoke", "one that cannot");
    // A refresh under way may have used up the refresh token already. What it brings is what has to be given back.
    const first = revoke ? this.#refreshes.pending?.tokenSet : undefined;
    const { record, replaced } = await this.#overwrite(undefined, first);
    this.#refreshes.begin();
    this.#parts.observe({ type: "token-forgotten", generation: record.generation });
    if (!revoke) return;
    const ends = await Promise.allSettled(replaced.map(async (tokenSet) => revokeTokens?.(tokenSet)));
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  #overwrite(tokenSet: TokenSet | undefined, first?: Promise<unknown>): Promise<Overwritten> {
    return this.#inOrder(() => overwrite(this.#parts, this.#refreshes.held, tokenSet), first);
  }

  /** Logins and logouts of one cache follow each other in the order of the calls. */
  async #inOrder<Result>(write: () => Promise<Result>, first?: Promise<unknown>): Promise<Result> {
    const { clock, limits } = this.#parts;
    const before = this.#overwriting;
    const mine = (async () => {
      const earlier = Promise.allSettled([before, first]);
      // A runtime may have dropped them with the request that they belonged to.
      await withDeadline(clock, limits.slotTimeout, undefined, (signal) => waitFor(earlier, signal)).catch(() => {});
      return write();
    })();
    this.#overwriting = mine;
    try {
      return await mine;
    } finally {
      if (this.#overwriting === mine) this.#overwriting = undefined;
    }
  }
}

/** A file, and what a file was read into, often ends with a line break. */
function withoutSpace(given: TokenSet | InitialTokens): InitialTokens {
  const response = given instanceof TokenSet ? toTokenResponse(given) : given;
  if (typeof response !== "object" || response === null || Array.isArray(response)) return response;
  const trimmed = (name: string, value: unknown): unknown => (typeof value === "string" && /token$/i.test(name) ? value.trim() : value);
  return Object.fromEntries(Object.entries(response).map(([name, value]) => [name, trimmed(name, value)]));
}
