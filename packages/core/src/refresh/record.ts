import { StoreError, type TokenRequestOutcome } from "../errors.ts";
import { readTokenResponse, toTokenResponse, type TokenResponse } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";

/** The note that a generation is being refreshed. Its owner writes it before it sends the token request. */
export interface Intent {
  readonly owner: string;
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
  /** Goes up by one with each token set, each login and each logout. */
  readonly generation: number;
  readonly tokenSet?: TokenSet | undefined;
  readonly intent?: Intent | undefined;
  readonly pause?: Pause | undefined;
  readonly loginRequired?: { readonly error?: string | undefined; readonly errorDescription?: string | undefined } | undefined;
}

export const emptyRecord: SubjectRecord = { generation: 0 };

/** A record as the store holds it, in JSON. */
interface Encoded extends Omit<SubjectRecord, "tokenSet"> {
  readonly format: 1;
  readonly tokens?: TokenResponse | undefined;
  readonly tokenSet?: never;
}

export function encodeRecord({ tokenSet, ...rest }: SubjectRecord): string {
  return JSON.stringify({ format: 1, ...rest, tokens: tokenSet && toTokenResponse(tokenSet) } satisfies Encoded);
}

/** Throws StoreError for whatever is not a record of this format, and leaves the entry as it is. */
export function decodeRecord(value: string): SubjectRecord {
  // Only `tokens`, which is checked, becomes the token set: nobody else's word for one is believed.
  const { format: _, tokens, tokenSet: __, ...rest } = decodeOr(() => encodedIn(JSON.parse(value)), "it is not JSON of format 1");
  return tokens === undefined ? rest : { ...rest, tokenSet: decodeOr(() => readTokenResponse(tokens, 0), "its tokens are not usable") };
}

/** Keeps no cause: an error of JSON.parse quotes the text around the fault, which may be a token. */
function decodeOr<Result>(work: () => Result, otherwise: string): Result {
  try {
    return work();
  } catch {
    throw new StoreError("ERR_STORE_RECORD_INVALID", `The store's entry is not a token record: ${otherwise}.`);
  }
}

function encodedIn(value: Encoded): Encoded {
  const { format, generation, intent, pause, loginRequired } = value;
  const isSound =
    format === 1 &&
    Number.isSafeInteger(generation) &&
    generation >= 0 &&
    (intent === undefined || (typeof intent.owner === "string" && Number.isFinite(intent.deadline))) &&
    (pause === undefined || (typeof pause.outcome === "string" && [pause.duration, pause.begun, pause.failures].every(Number.isFinite))) &&
    (loginRequired === undefined || (typeof loginRequired === "object" && loginRequired !== null));
  if (!isSound) throw new TypeError("not a record");
  return value;
}
