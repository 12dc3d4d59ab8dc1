import { hasOwn, randomId } from "@tokenflight/core";
import { fieldsOf, numberIn, textIn, type AnswerFields } from "./answer-fields.ts";
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
  /** What the request asked for (`RefreshCall`). */
  readonly purpose: string;
  /** "tokens": it has some. "dead": the refresh token is none that works (`invalid_grant`). "other": it says anything else, or, "unreadable", nothing. */
  readonly kind: "tokens" | "dead" | "other" | "unreadable";
  /** The refresh token that comes after the one that was sent; undefined where that one goes on. */
  readonly successor?: string | undefined;
  /** Seconds for which the access token is good, where the answer says it. */
  readonly lifetime?: number | undefined;
}

/** What others may need of the header fields. No cookie is given to anybody but the caller that was answered. */
const keptFields = [
  "cache-control",
  "content-language",
  "content-type",
  "date",
  "dpop-nonce",
  "expires",
  "pragma",
  "retry-after",
  "www-authenticate",
];

/** Bodies and header fields together, in characters, as they are kept: 256 KB. */
const longest = 262_144;

/** What can be kept of a response; undefined where that is too much, or no text. */
export function answerOf({ response, text }: ReadResponse, sent: string, purpose: string): Answer | undefined {
  if (text === undefined) return undefined;
  const { status, statusText, headers, url } = response;
  const kept = keptFields.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const fields = fieldsOf(text, headers.get("content-type") ?? undefined);
  const answer: Answer = {
    id: randomId(),
    status,
    statusText,
    url,
    headers: kept,
    body: text,
    purpose,
    ...meaningOf(status, fields, sent),
  };
  return encodeAnswer(answer).length > longest ? undefined : answer;
}

function meaningOf(status: number, fields: AnswerFields | undefined, sent: string): Pick<Answer, "kind" | "successor" | "lifetime"> {
  if (fields === undefined) return { kind: "unreadable" };
  const isGood = status >= 200 && status < 300;
  const refreshToken = textIn(fields, "refresh_token");
  if (isGood && (textIn(fields, "access_token") ?? refreshToken) !== undefined) {
    const isNext = refreshToken !== undefined && refreshToken !== sent;
    return { kind: "tokens", successor: isNext ? refreshToken : undefined, lifetime: numberIn(fields, "expires_in") };
  }
  const isDead = status >= 400 && status < 500 && hasOwn(fields, "error") && fields["error"] === "invalid_grant";
  return { kind: isDead ? "dead" : "other" };
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
