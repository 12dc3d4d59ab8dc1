import type { TokenflightError } from "@tokenflight/core";

/**
 * Why a request that may be a refresh went out as it was. "stream": its body can be read only once. "encoded": its body is compressed. "ambiguous": a field
 * stands twice that may stand once, or the refresh token is no text that bytes can say.
 */
export type PassedThroughReason = "stream" | "encoded" | "ambiguous";

/** What happens to refreshes. No event holds a secret; `endpoint` is the token endpoint, without its query. Times are milliseconds. */
export type RefreshOnceEvent =
  /** A refresh token is sent. What comes of it is told by one of the next three events. */
  | {
      type: "refresh-sent";
      /** The token endpoint that the request was for, without its query. */
      endpoint: string;
    }
  /** The answer has tokens, and is kept for so long. */
  | {
      type: "answer-kept";
      /** The token endpoint that the request was for, without its query. */
      endpoint: string;
      /** The HTTP status of the answer. */
      status: number;
      /** Milliseconds for which the answer stays in the store. */
      kept: number;
      /** Milliseconds from the request to its answer. */
      duration: number;
    }
  /** The answer goes to those who wait, and to nobody else. */
  | {
      type: "answer-handed-on";
      /** The token endpoint that the request was for, without its query. */
      endpoint: string;
      /** The HTTP status of the answer. */
      status: number;
      /** Milliseconds from the request to its answer. */
      duration: number;
    }
  /** There was no answer, or none that could be read. */
  | {
      type: "refresh-failed";
      /** The token endpoint that the request was for, without its query. */
      endpoint: string;
      /** What went wrong. */
      error: TokenflightError;
    }
  /** A caller was given the answer to a request that another one has sent, so many refresh tokens after its own. */
  | {
      type: "answer-shared";
      /** The token endpoint that the request was for, without its query. */
      endpoint: string;
      /** The HTTP status of the answer. */
      status: number;
      /** How many refresh tokens lie between the caller's own and the answer that it got. */
      generations: number;
    }
  /** A request went out as it was, and its refresh token with it, if it has one. */
  | {
      type: "passed-through";
      /** The token endpoint that the request was for, without its query. */
      endpoint: string;
      /** Why it was not looked at. */
      reason: PassedThroughReason;
    }
  /** The store did not answer in time, or failed. */
  | {
      type: "store-trouble";
      /** What the store was to do. */
      operation: "read" | "write";
      /** What went wrong. */
      error: TokenflightError;
    };
