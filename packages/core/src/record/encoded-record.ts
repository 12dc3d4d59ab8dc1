import { StoreError } from "../errors/refresh-errors.ts";
import { outcomeCodes } from "../errors/token-request-error.ts";
import { hasOwn, ownOnly } from "../platform/own.ts";
import type { StoredEntry, Version } from "../store/store.ts";
import { readInitialTokens, toTokenResponse, type InitialTokens } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import { forPurpose, ofLogin } from "./purposes.ts";
import type { OtherPurpose, SubjectRecord } from "./record.ts";

interface EncodedPurpose extends Omit<OtherPurpose, "tokenSet"> {
  readonly tokens?: InitialTokens | undefined;
}

/** A record as the store holds it, in JSON. Format 2 has what format 1 does not know: purposes, and a login without an access token. */
interface Encoded extends Omit<SubjectRecord, "tokenSet" | "others"> {
  readonly format: 1 | 2;
  readonly tokens?: InitialTokens | undefined;
  readonly others?: Readonly<Record<string, EncodedPurpose>> | undefined;
}

export function encodeRecord(record: SubjectRecord): string {
  const { purpose } = record;
  const { tokenSet, others, ...rest } = record;
  const isFirst = purpose === undefined && others === undefined && tokenSet?.accessToken !== "";
  return JSON.stringify({
    format: isFirst ? 1 : 2,
    ...rest,
    tokens: tokenSet && encodeTokenSet(tokenSet),
    others:
      others &&
      Object.fromEntries(
        Object.entries(others).map(([name, { tokenSet: other, ...told }]) => [name, { ...told, tokens: other && encodeTokenSet(other) }]),
      ),
  } satisfies Encoded);
}

/** Most tokens are bearer tokens, and a memory store may hold very many: their type is left out. */
function encodeTokenSet(tokenSet: TokenSet): InitialTokens {
  const response = toTokenResponse(tokenSet);
  return response.token_type === "Bearer" ? { ...response, token_type: undefined } : response;
}

/** Gives the record as it is for this purpose. Throws StoreError for whatever is not a record of these formats, and leaves the entry as it is. */
export function decodeRecord({ version, value }: StoredEntry, purpose?: string): SubjectRecord {
  const encoded = decodeOr(() => readEncoded(JSON.parse(value)), version, "it is not JSON of format 1 or 2");
  // Only `tokens`, which is checked, becomes the token set: nobody else's word for one is believed.
  const { format: _, tokens, others, tokenSet: __, ...rest } = encoded as Encoded & { tokenSet?: unknown };
  const record: SubjectRecord = ownOnly({
    ...rest,
    ...(tokens !== undefined && { tokenSet: decodeOr(() => decodeTokenSet(tokens, others), version, "its tokens are not usable") }),
    ...(others && { others: decodeOthers(others) }),
  });
  return forPurpose(record, purpose);
}

/** Where no refresh token came with the access tokens of other purposes, nothing need be there for this one. */
function decodeTokenSet(tokens: InitialTokens, others: Encoded["others"]): TokenSet {
  const { access_token, refresh_token } = ownOnly(tokens);
  if (others === undefined || access_token !== "" || refresh_token !== undefined) return readInitialTokens(tokens, 0);
  const { idToken, extra } = readInitialTokens({ ...tokens, refresh_token: "none" }, 0);
  return ofLogin(undefined, { refreshToken: undefined, idToken, extra });
}

/** Of another purpose, what cannot be read is asked for again. */
function decodeOthers(others: NonNullable<Encoded["others"]>): SubjectRecord["others"] {
  const read = Object.entries(others).flatMap(([name, other]) => {
    try {
      const { tokens, pause, loginRequired } = ownOnly(other);
      if (!isPause(pause) || !isLoginRequired(loginRequired)) return [];
      const told = { ...(pause && { pause: capped(pause) }), ...(loginRequired && { loginRequired: ownOnly(loginRequired) }) };
      return [[name, ownOnly({ ...told, ...(tokens && { tokenSet: readInitialTokens(tokens, 0) }) })] as const];
    } catch {
      return [];
    }
  });
  return read.length === 0 ? undefined : Object.fromEntries(read);
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

/** Milliseconds. What stands in a store may be wrong, and nobody waits longer because of it. */
const longestStored = 7_200_000;
/** A generation beyond it is no count. */
const lastGeneration = 2 ** 50;
const lastFormat = 2;

function readEncoded(parsed: Encoded): Encoded {
  const value = ownOnly(parsed);
  const { format, lineage, generation, pause, loginRequired, others, purpose, seed } = value;
  // No null, which is no intent.
  const intent = value.intent && ownOnly(value.intent);
  if (typeof format === "number" && format > lastFormat) {
    // It has no `version`, so nothing of this version of the package replaces it.
    const told = `The store's entry is a token record of format ${format}, of a newer version of this package. It was left as it is.`;
    throw new StoreError("ERR_STORE_RECORD_INVALID", told);
  }
  const isSound =
    (format === 1 || format === 2) &&
    [lineage, purpose, seed].every(isTextOrMissing) &&
    Number.isSafeInteger(generation) &&
    generation >= 0 &&
    generation < lastGeneration &&
    (intent === undefined || (typeof intent.owner === "string" && isTextOrMissing(intent.holder) && Number.isFinite(intent.deadline))) &&
    isPause(pause) &&
    isLoginRequired(loginRequired) &&
    (others === undefined || (typeof others === "object" && others !== null));
  if (!isSound) throw new TypeError("not a record");
  return ownOnly({
    ...value,
    ...(intent && { intent: ownOnly({ ...intent, deadline: Math.min(intent.deadline, longestStored) }) }),
    ...(pause && { pause: capped(pause) }),
    ...(loginRequired && { loginRequired: ownOnly(loginRequired) }),
  });
}

function isTextOrMissing(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isPause(given: OtherPurpose["pause"]): boolean {
  if (given === undefined) return true;
  const { outcome, duration, begun, failures, note } = ownOnly(given);
  return hasOwn(outcomeCodes, outcome) && [duration, begun, failures].every(Number.isFinite) && isTextOrMissing(note);
}

function capped(pause: NonNullable<OtherPurpose["pause"]>): NonNullable<OtherPurpose["pause"]> {
  return ownOnly({ ...pause, duration: Math.min(pause.duration, longestStored) });
}

function isLoginRequired(given: OtherPurpose["loginRequired"]): boolean {
  if (typeof given !== "object" || given === null) return given === undefined;
  const { error, errorDescription } = ownOnly(given);
  return [error, errorDescription].every(isTextOrMissing);
}

/** Milliseconds for which a record is kept whose login is over: it stops whoever writes late, or asks in vain. */
const loggedOutLifetime = 30 * 24 * 60 * 60 * 1000;
/** Milliseconds for which a record is kept that says nothing of use any more. */
const grace = 60_000;

/**
 * Milliseconds after which the store may remove the record; undefined while it may be of use, as a refresh token always is, and the memory of a seed: that one
 * stands in an environment for years, and would be sent once more.
 */
export function timeToLive({ tokenSet, others = {}, intent, pause, loginRequired, seed }: SubjectRecord, now: number): number | undefined {
  if (tokenSet?.refreshToken !== undefined || seed !== undefined) return undefined;
  if (tokenSet === undefined || loginRequired !== undefined) return loggedOutLifetime;
  const ends = [tokenSet, ...Object.values(others).flatMap((other) => other.tokenSet ?? [])].map(({ expiresAt }) => expiresAt);
  if (ends.includes(undefined)) return undefined;
  return Math.max(...ends.map((end = 0) => end - now), intent?.deadline ?? 0, pause?.duration ?? 0) + grace;
}
