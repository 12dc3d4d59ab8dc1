import { outcomeCodes, StoreError, type TokenRequestOutcome } from "../errors.ts";
import type { StoredEntry, Version } from "../store/store.ts";
import { readTokenResponse, toTokenResponse, type TokenResponse } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";

/** The note that a generation is being refreshed. Its owner writes it before it sends the token request. */
export interface Intent {
  readonly owner: string;
  /** The owner's process, by the name that the store gave it. */
  readonly holder?: string | undefined;
  /** Milliseconds after which a silent owner counts as gone. */
  readonly deadline: number;
  /** The owner is not acting any more, and nobody knows whether its token request was carried out. */
  readonly unresolved?: boolean;
  /**
   * The same was unknown of the intent before, whose refresh token this owner sends once more. Without this mark the doubt would be lost: A sends
   * and dies, B takes over and is told "not sent", and the next refresh ahead would send the refresh token that A may have used up.
   */
  readonly doubtful?: boolean;
}

/** The note of a failed token request: until the pause is over, nobody asks the token source again. */
export interface Pause {
  readonly duration: number;
  /** When it began, by the wall clock of the process that noted it. */
  readonly begun: number;
  readonly failures: number;
  readonly outcome: TokenRequestOutcome;
}

/** Everything known of one subject: what a store holds, and what a cache without a store holds in memory. */
export interface SubjectRecord {
  /**
   * Names one login, from its first token set to the login or the logout that replaces it. What a process holds is written only over its own
   * lineage, or over nothing. Example: the entry was deleted, and the user has logged in anew, as generation 1; a process that still holds
   * generation 3 of the old login must not write it over the new one.
   */
  readonly lineage?: string | undefined;
  /** Goes up by one with each token set, each login and each logout. */
  readonly generation: number;
  readonly tokenSet?: TokenSet | undefined;
  readonly intent?: Intent | undefined;
  readonly pause?: Pause | undefined;
  readonly loginRequired?: { readonly error?: string | undefined; readonly errorDescription?: string | undefined } | undefined;
}

export const emptyRecord: SubjectRecord = { generation: 0 };

/** Whether `next` may take the place of `held`: it is of the same login and not older, or `held` says nothing. */
export function continues(held: SubjectRecord, next: SubjectRecord): boolean {
  return held.generation === 0 || (next.lineage === held.lineage && next.generation >= held.generation);
}

/** Whether both say the same of the token set. */
export function isSameTokenSet(one: SubjectRecord, other: SubjectRecord): boolean {
  return one.lineage === other.lineage && one.generation === other.generation && one.tokenSet?.accessToken === other.tokenSet?.accessToken;
}

/** Whether a refresh has brought the token set of this record, after the one before: a login begins a lineage. */
export function isSuccessor(record: SubjectRecord, before: SubjectRecord): boolean {
  return before.generation > 0 && record.lineage === before.lineage && record.generation > before.generation;
}

/** A record as the store holds it, in JSON. */
interface Encoded extends Omit<SubjectRecord, "tokenSet"> {
  readonly format: 1;
  readonly tokens?: TokenResponse | undefined;
  readonly tokenSet?: never;
}

export function encodeRecord({ tokenSet, ...rest }: SubjectRecord): string {
  return JSON.stringify({ format: 1, ...rest, tokens: tokenSet && encodeTokenSet(tokenSet) } satisfies Encoded);
}

/** Most tokens are bearer tokens, and a memory store may hold very many: their type is left out. */
function encodeTokenSet(tokenSet: TokenSet): TokenResponse {
  const response = toTokenResponse(tokenSet);
  return response.token_type === "Bearer" ? { ...response, token_type: undefined } : response;
}

/** Throws StoreError for whatever is not a record of this format, and leaves the entry as it is. */
export function decodeRecord({ version, value }: StoredEntry): SubjectRecord {
  // Only `tokens`, which is checked, becomes the token set: nobody else's word for one is believed.
  const {
    format: _,
    tokens,
    tokenSet: __,
    ...rest
  } = decodeOr(() => readEncoded(JSON.parse(value)), version, "it is not JSON of format 1");
  if (tokens === undefined) return rest;
  return { ...rest, tokenSet: decodeOr(() => readTokenResponse(tokens, 0), version, "its tokens are not usable") };
}

/** Keeps no cause: an error of JSON.parse quotes the text around the fault, which may be a token. */
function decodeOr<Result>(work: () => Result, version: Version, otherwise: string): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError("ERR_STORE_RECORD_INVALID", `The store's entry is not a token record: ${otherwise}.`, { version });
  }
}

/** Tells others what a record stands for: which login, which token set of it, and whether it is over. Notes of refreshes change nothing of that. */
export function markOf({ lineage = "", generation, loginRequired }: SubjectRecord): string {
  return `${lineage}.${generation}${loginRequired === undefined ? "" : "!"}`;
}

/** Whether a mark is of the same login as the record. */
export function isOfLogin(mark: string, { lineage = "" }: SubjectRecord): boolean {
  return mark.slice(0, mark.lastIndexOf(".")) === lineage;
}

/** Milliseconds. What stands in a store may be wrong, and nobody waits longer because of it. */
const longestStored = 7_200_000;
/** A generation beyond it is no count. */
const lastGeneration = 2 ** 50;

function readEncoded(value: Encoded): Encoded {
  const { format, lineage, generation, intent, pause, loginRequired } = value;
  if (typeof format === "number" && format > 1) {
    // It has no `version`, so nothing of this version of the package replaces it.
    const told = `The store's entry is a token record of format ${format}, of a newer version of this package. It was left as it is.`;
    throw new StoreError("ERR_STORE_RECORD_INVALID", told);
  }
  const isSound =
    format === 1 &&
    (lineage === undefined || typeof lineage === "string") &&
    Number.isSafeInteger(generation) &&
    generation >= 0 &&
    generation < lastGeneration &&
    (intent === undefined || (typeof intent.owner === "string" && isHolder(intent.holder) && Number.isFinite(intent.deadline))) &&
    (pause === undefined ||
      (Object.hasOwn(outcomeCodes, pause.outcome) && [pause.duration, pause.begun, pause.failures].every(Number.isFinite))) &&
    (loginRequired === undefined || (typeof loginRequired === "object" && loginRequired !== null));
  if (!isSound) throw new TypeError("not a record");
  return {
    ...value,
    ...(intent && { intent: { ...intent, deadline: Math.min(intent.deadline, longestStored) } }),
    ...(pause && { pause: { ...pause, duration: Math.min(pause.duration, longestStored) } }),
  };
}

function isHolder(holder: unknown): boolean {
  return holder === undefined || typeof holder === "string";
}

/** Milliseconds for which a record is kept whose login is over: it stops whoever writes late, or asks in vain. */
const loggedOutLifetime = 30 * 24 * 60 * 60 * 1000;
/** Milliseconds for which a record is kept that says nothing of use any more. */
const grace = 60_000;

/** Milliseconds after which the store may remove the record; undefined while it may be of use, as a refresh token always is. */
export function timeToLive({ tokenSet, intent, pause, loginRequired }: SubjectRecord, now: number): number | undefined {
  if (tokenSet?.refreshToken !== undefined) return undefined;
  if (tokenSet === undefined || loginRequired !== undefined) return loggedOutLifetime;
  const { expiresAt } = tokenSet;
  if (expiresAt === undefined) return undefined;
  return Math.max(expiresAt - now, intent?.deadline ?? 0, pause?.duration ?? 0) + grace;
}
