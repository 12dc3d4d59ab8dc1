import type { TokenflightError } from "@tokenflight/core";

/**
 * Why a request that may be a refresh went out as it was. "stream": its body can be read only once. "encoded": its body is compressed. "ambiguous": a field
 * stands twice that may stand once, or the refresh token is no text that bytes can say.
 */
export type PassedThroughReason = "stream" | "encoded" | "ambiguous";

/** What happens to refreshes. No event holds a secret; `endpoint` is the token endpoint, without its query. Times are milliseconds. */
export type RefreshOnceEvent =
  /** A refresh token is sent. What comes of it is told by one of the next three events. */
  | { type: "refresh-sent"; endpoint: string }
  /** The answer has tokens, and is kept for so long. */
  | { type: "answer-kept"; endpoint: string; status: number; kept: number; duration: number }
  /** The answer goes to those who wait, and to nobody else. */
  | { type: "answer-handed-on"; endpoint: string; status: number; duration: number }
  /** There was no answer, or none that could be read. */
  | { type: "refresh-failed"; endpoint: string; error: TokenflightError }
  /** A caller was given the answer to a request that another one has sent, so many refresh tokens after its own. */
  | { type: "answer-shared"; endpoint: string; status: number; generations: number }
  /** A request went out as it was, and its refresh token with it, if it has one. */
  | { type: "passed-through"; endpoint: string; reason: PassedThroughReason }
  | { type: "store-trouble"; operation: "read" | "write"; error: TokenflightError };
