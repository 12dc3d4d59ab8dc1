import type { TokenRequestOutcome } from "../errors/token-request-error.ts";
import { ownOnly } from "../platform/own.ts";
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
  /** When it began, in milliseconds since the UNIX epoch, by the wall clock of the process that noted it. */
  readonly begun: number;
  readonly failures: number;
  readonly outcome: TokenRequestOutcome;
  /** What the token source says of the failure to whoever waits, in other processes too. */
  readonly note?: string | undefined;
}

/** Why only a login helps. */
export interface LoginRequired {
  readonly error?: string | undefined;
  readonly errorDescription?: string | undefined;
}

/**
 * Everything known of one subject: what a store holds, and what a cache without a store holds in memory. Its token set, pause and end are those of one
 * `purpose`; one refresh token, one intent and one order of generations serve all purposes of a login.
 */
export interface SubjectRecord {
  /**
   * Names one login, from its first token set to the login or the logout that replaces it. What a process holds is written only over its own
   * lineage, or over nothing. Example: the entry was deleted, and the user has logged in anew, as generation 1; a process that still holds
   * generation 3 of the old login must not write it over the new one.
   */
  readonly lineage?: string | undefined;
  /** Goes up by one with each token set, each new refresh token, each login and each logout. */
  readonly generation: number;
  /** Of a login without an access token for this purpose, the access token is empty. */
  readonly tokenSet?: TokenSet | undefined;
  readonly intent?: Intent | undefined;
  readonly pause?: Pause | undefined;
  readonly loginRequired?: LoginRequired | undefined;
  /** What the access token is for (`purpose` of a token source). */
  readonly purpose?: string | undefined;
  /** What is known for the other purposes of the same login. Undefined when there are none. */
  readonly others?: OtherPurposes | undefined;
  /** The hashes of the token sets that `seed` has begun logins with, the last one first, with spaces between them. A logout leaves them as they are. */
  readonly seed?: string | undefined;
}

export type OtherPurposes = Readonly<Record<string, OtherPurpose>>;

/** What belongs to one purpose only. */
export interface OtherPurpose {
  /** Without a refresh token. */
  readonly tokenSet?: TokenSet | undefined;
  readonly pause?: Pause | undefined;
  readonly loginRequired?: LoginRequired | undefined;
}

/** Like every record, and each part of one, it inherits nothing: its optional fields would be read from a polluted `Object.prototype`. */
export const emptyRecord: SubjectRecord = ownOnly({ generation: 0 });

/** Whether `next` may take the place of `held`: it is of the same login and not older, or `held` says nothing. */
export function continues(held: SubjectRecord, next: SubjectRecord): boolean {
  return held.generation === 0 || (next.lineage === held.lineage && next.generation >= held.generation);
}

/** Whether both say the same of the access token. A refresh for another purpose, or a refresh token that came alone, leaves it as it is. */
export function isSameTokenSet(one: SubjectRecord, other: SubjectRecord): boolean {
  const [token, otherToken] = [one.tokenSet, other.tokenSet];
  if (one.lineage !== other.lineage || token?.accessToken !== otherToken?.accessToken) return false;
  return one.generation === other.generation || (token !== undefined && token.issuedAt === otherToken?.issuedAt);
}

/** Whether one was written as the other. */
export function isSameResult(one: SubjectRecord, other: SubjectRecord): boolean {
  const isSameRefreshToken = one.tokenSet?.refreshToken === other.tokenSet?.refreshToken;
  return one.generation === other.generation && isSameRefreshToken && isSameTokenSet(one, other);
}

/** Whether a refresh has brought the token set of this record, after the one before: a login begins a lineage. */
export function isSuccessor(record: SubjectRecord, before: SubjectRecord): boolean {
  return before.generation > 0 && record.lineage === before.lineage && record.generation > before.generation;
}

/** Of more seeds, the first ones are forgotten. */
const mostSeeds = 8;

/** Whether a login of this subject has begun with this seed. */
export function hasBegunWith({ seed = "" }: SubjectRecord, name: string): boolean {
  return seed.split(" ").includes(name);
}

/** What is known of seeds once a login has begun with this one. */
export function withSeed({ seed = "" }: SubjectRecord, name: string): string {
  return [name, ...seed.split(" ", mostSeeds)].slice(0, mostSeeds).join(" ").trim();
}

/** Tells others what a record stands for: which login, which token set of it, and whether it is over. Notes of refreshes change nothing of that. */
export function markOf({ lineage = "", generation, loginRequired }: SubjectRecord): string {
  return `${lineage}.${generation}${loginRequired === undefined ? "" : "!"}`;
}

/** Whether a mark is of the same login as the record. */
export function isOfLogin(mark: string, { lineage = "" }: SubjectRecord): boolean {
  return mark.slice(0, mark.lastIndexOf(".")) === lineage;
}

/** Whether there is an access token that has not expired. */
export function isLive(tokenSet: TokenSet | undefined, now: number): boolean {
  return tokenSet !== undefined && tokenSet.accessToken !== "" && (tokenSet.expiresAt === undefined || tokenSet.expiresAt > now);
}
