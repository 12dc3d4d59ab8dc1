import { StoreError, type TokenRequestOutcome } from "../errors.ts";
import { readTokenResponse, toTokenResponse, type TokenResponse } from "../tokens/token-response.ts";
import type { TokenSet } from "../tokens/token-set.ts";

/** The note that a generation is being refreshed, written before the token request is sent. */
export interface Intent {
  readonly owner: string;
  /** Milliseconds after which a silent owner counts as gone. */
  readonly deadline: number;
  /** Set when the owner lives and does not know whether its request was carried out. */
  readonly unresolved?: boolean;
  /** Set when this was not known of the owner before either, whose refresh token this one sends once more. */
  readonly doubtful?: boolean;
}

/** Nobody asks the token source again until it is over. */
export interface Pause {
  readonly duration: number;
  /** When it began, by the wall clock of the one who noted it. */
  readonly begun: number;
  readonly failures: number;
  readonly outcome: TokenRequestOutcome;
}

/** Everything known of one subject: what a store holds, and what a cache without a store holds in memory. */
export interface SubjectRecord {
  /** Goes up by one with each token set, each login and each logout. */
  readonly generation: number;
  readonly tokens?: TokenSet | undefined;
  readonly intent?: Intent | undefined;
  readonly pause?: Pause | undefined;
  readonly loginRequired?: { readonly error?: string | undefined; readonly errorDescription?: string | undefined } | undefined;
}

export const emptyRecord: SubjectRecord = { generation: 0 };

interface Encoded extends Omit<SubjectRecord, "tokens"> {
  readonly format: 1;
  readonly tokens?: TokenResponse;
}

export function encodeRecord({ tokens, ...rest }: SubjectRecord): string {
  return JSON.stringify({ format: 1, ...rest, ...(tokens === undefined ? {} : { tokens: toTokenResponse(tokens) }) } satisfies Encoded);
}

/** Throws StoreError for whatever is not a record of this format; the entry is left as it is. */
export function decodeRecord(value: string): SubjectRecord {
  const { format: _, tokens, ...rest } = attempt(() => encodedIn(JSON.parse(value)), "it is not JSON of format 1");
  return tokens === undefined ? rest : { ...rest, tokens: attempt(() => readTokenResponse(tokens, 0), "its tokens are not usable") };
}

/** Without the error as the cause: one of JSON.parse quotes the text around it, which may be a token. */
function attempt<Result>(work: () => Result, otherwise: string): Result {
  try {
    return work();
  } catch {
    throw new StoreError("ERR_STORE_RECORD_INVALID", `The store's entry is not a token record: ${otherwise}.`);
  }
}

function encodedIn(value: Encoded): Encoded {
  const { format, generation, intent, pause, loginRequired } = value;
  const sound =
    format === 1 &&
    Number.isSafeInteger(generation) &&
    generation >= 0 &&
    (intent === undefined || (typeof intent.owner === "string" && Number.isFinite(intent.deadline))) &&
    (pause === undefined || (typeof pause.outcome === "string" && [pause.duration, pause.begun, pause.failures].every(Number.isFinite))) &&
    (loginRequired === undefined || (typeof loginRequired === "object" && loginRequired !== null));
  if (!sound) throw new TypeError("not a record");
  return value;
}
