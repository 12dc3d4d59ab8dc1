import { StoreError, type TokenRequestOutcome } from "./errors.ts";
import { readTokenResponse, toTokenResponse, type TokenResponse } from "./token-response.ts";
import type { TokenSet } from "./token-set.ts";

/** The note that a generation is being refreshed, written before the token request is sent. */
export interface Intent {
  readonly owner: string;
  /** Milliseconds after which a silent owner counts as gone. */
  readonly deadline: number;
  /** Set when the owner lives and does not know whether its request was carried out. */
  readonly unresolved?: boolean;
}

/** Nobody asks the token source again until it is over, counted from when the note was first seen. */
export interface Pause {
  readonly duration: number;
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
  try {
    const encoded = JSON.parse(value) as Encoded;
    if (encoded.format !== 1 || !Number.isSafeInteger(encoded.generation)) throw new TypeError("not a record of format 1");
    const { format: _, tokens, ...rest } = encoded;
    return tokens === undefined ? rest : { ...rest, tokens: readTokenResponse(tokens, 0) };
  } catch (cause) {
    // A JSON syntax error quotes the text around it, which may be a token: it is not kept as the cause.
    const reason = cause instanceof SyntaxError ? "it is not JSON" : (cause as Error).message;
    throw new StoreError("ERR_STORE_RECORD_INVALID", `The store's entry is not a token record: ${reason}.`);
  }
}
