import { hasOwn, randomId } from "@tokenflight/core";
import { binaryOf, bytesOf, textOf } from "../bytes.ts";
import { agedText, fieldsOf, numberIn, saysError, textIn, type AnswerFields } from "./answer-fields.ts";
import { keptFields } from "./read-headers.ts";
import type { ReadResponse } from "./read-response.ts";

/** The answer of a token endpoint, as it is kept for others. */
export interface Answer {
  /** No two answers have the same. */
  readonly id: string;
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** The body is no UTF-8: each of its characters stands for a byte. */
  readonly isBinary?: true;
  /** What the request asked for (`RefreshCall`). */
  readonly purpose: string;
  readonly kind: AnswerKind;
  /** The refresh token that comes after the one that was sent; undefined where that one goes on. */
  readonly successor?: string | undefined;
  /** Seconds for which the access token is good, where the answer says it. */
  readonly lifetime?: number | undefined;
}

/**
 * "tokens": it has some. "dead": the refresh token is none that works for what was asked (`invalid_grant`). "client": it is about who has asked. "other": it
 * says anything else, or, "unreadable", nothing.
 */
type AnswerKind = "tokens" | "dead" | "client" | "other" | "unreadable";

/** Bodies and header fields together, in characters, as they are kept: 256 KB. */
const longest = 262_144;

/** What can be kept of a response; undefined where that is nothing, or too much. */
export function answerOf({ head, bytes }: ReadResponse, sent: string, purpose: string): Answer | undefined {
  if (head === undefined || bytes === undefined) return undefined;
  const { status, statusText, headers, url } = head;
  const kept = keptFields.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const text = textOf(bytes);
  const answer: Answer = {
    id: randomId(),
    status,
    statusText,
    url,
    headers: kept,
    body: text ?? binaryOf(bytes),
    ...(text === undefined && { isBinary: true }),
    purpose,
    // Whoever reads it goes by what of it is UTF-8, too.
    ...meaningOf(status, fieldsOf(text ?? new TextDecoder().decode(bytes)), sent),
  };
  return encodeAnswer(answer).length > longest ? undefined : answer;
}

/** Errors about the client and its credentials (RFC 6749 section 5.2, RFC 9449 section 5). */
const aboutClient = /^(?:invalid_client|unauthorized_client|invalid_dpop_proof)$/;

function meaningOf(status: number, fields: AnswerFields | undefined, sent: string): Pick<Answer, "kind" | "successor" | "lifetime"> {
  const isGood = status >= 200 && status < 300;
  const refreshToken = fields && textIn(fields, "refresh_token", "refreshToken");
  // Beside an error, it is the one that was sent, or a sentence about it.
  const isAnyError = fields !== undefined && saysError(fields);
  if (
    fields !== undefined &&
    isGood &&
    (textIn(fields, "access_token", "accessToken") ?? (isAnyError ? undefined : refreshToken)) !== undefined
  ) {
    const isNext = refreshToken !== undefined && refreshToken !== sent;
    return { kind: "tokens", successor: isNext ? refreshToken : undefined, lifetime: numberIn(fields, "expires_in", "expiresIn") };
  }
  const error = fields !== undefined && hasOwn(fields, "error") ? fields["error"] : undefined;
  if (!isGood && status < 500) {
    if (error === "invalid_grant") return { kind: "dead" };
    if ((status === 401 && error !== "use_dpop_nonce") || aboutClient.test(String(error))) return { kind: "client" };
  }
  // A good one that has no tokens and says of no error that there is one may have used the refresh token up.
  return { kind: fields !== undefined && (!isGood || isAnyError) ? "other" : "unreadable" };
}

/** The body, some seconds after it came: byte for byte, but for how long its tokens are good. */
export function bodyOf({ body, isBinary, lifetime }: Answer, age: number): Uint8Array<ArrayBuffer> {
  return bytesOf(agedText(body, lifetime, age), isBinary);
}

/** Seconds for which the answer of a server is kept that lets the refresh token go on: a refresh that is wanted later is another one. */
const keptWithoutRotation = 10;

/** Seconds for which an answer with tokens is given to whoever comes. */
export function keptFor({ successor, lifetime = keptWithoutRotation }: Answer, keep: number): number {
  return successor === undefined ? Math.min(keptWithoutRotation, lifetime) : keep;
}

/** Visible ASCII without spaces, as a token set holds it, and JSON all the same. */
export function encodeAnswer(answer: Answer): string {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(answer).replaceAll(/[^!-~]/g, escape);
}

/** Undefined for what `encodeAnswer` has not made. */
export function decodeAnswer(text: string): Answer | undefined {
  try {
    const answer = JSON.parse(text) as Answer;
    const own = (name: keyof Answer): unknown => (hasOwn(answer, name) ? answer[name] : undefined);
    const isSound =
      (["id", "statusText", "url", "body", "purpose", "kind"] as const).every((name) => typeof own(name) === "string") &&
      typeof own("status") === "number" &&
      Array.isArray(own("headers"));
    return isSound ? Object.assign(Object.create(null) as Answer, answer) : undefined;
  } catch {
    return undefined;
  }
}
