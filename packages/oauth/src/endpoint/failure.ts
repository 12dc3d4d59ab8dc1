import { TokenflightError, TokenRequestError, type TokenRequestOutcome } from "@tokenflight/core";
import type { ClientCredentials } from "../client-parts.ts";
import { readFields, valuesIn, type AnswerFields } from "./answer-fields.ts";
import { isRedirect, type Answer } from "./answer.ts";
import { readRefusal } from "./dialects.ts";
import { objectsIn } from "./envelope.ts";
import { clean, maskOf, type Mask } from "./mask.ts";
import { readFailure } from "./read-failure.ts";

/** The endpoint that was asked, for messages. */
export interface AskedEndpoint {
  /** Such as "token". */
  readonly title: string;
  readonly host: string;
  /** Takes the secrets of the request out of a text. */
  readonly mask: Mask;
}

export type EndpointAnswer = Answer & AskedEndpoint;

/** What is known of an answer besides. */
export interface Found {
  /** The new refresh token in it. */
  readonly refreshToken?: string | undefined;
  /** The object in which the tokens should be. */
  readonly envelope?: AnswerFields | undefined;
  /** A sentence that the message ends with. */
  readonly note?: string | undefined;
}

/** The error of an answer without what was asked for. It keeps the code, wherever the answer says it, and whatever status and headers say. */
export function failureOf(answer: EndpointAnswer, { refreshToken, envelope, note }: Found = {}): TokenRequestError {
  const { status, title, host, mask } = answer;
  const { code, description } = readRefusal(answer, envelope);
  const hide = maskOf([...tokensIn(answer), ...(refreshToken === undefined ? [] : [refreshToken])]);
  const details = {
    status,
    // A short secret may be part of an honest error code.
    error: code === undefined ? undefined : clean(hide(mask(code, 8)), 64),
    errorDescription: description === undefined ? undefined : clean(hide(mask(description)), 300),
    retryAfter: readRetryAfter(answer),
    refreshToken,
  };
  const reason = [details.error, details.errorDescription].filter((part) => part !== undefined).join(": ");
  const said = isRedirect(status) ? `${status}, a redirect, which is not followed` : reason === "" ? `${status}` : `${status}, ${reason}`;
  const message = `The ${title} endpoint ${host} answered ${said}.${note === undefined ? "" : ` ${note}`}`;
  return withAnswer(new TokenRequestError(outcomeOf(status), message, details), answer);
}

/** Returns the tokens that an answer has, for a mask: its other words may have them, too. A short one may be an honest word. */
export function tokensIn({ text, part = "" }: Answer): string[] {
  const fields = readFields(text);
  const named =
    fields === undefined
      ? valuesIn(text ?? part, String.raw`\w*[tT]oken`)
      : objectsIn(fields).flatMap((object) => Object.entries(object).flatMap(([name, value]) => (/token$/i.test(name) ? value : [])));
  return named.filter((value): value is string => typeof value === "string" && value.length >= 8);
}

/** The answers that errors stand for. They are not in the errors, because those are logged and an answer may hold secrets. */
const answers = new WeakMap<object, EndpointAnswer>();

/** Remembers the answer that an error stands for, for as long as the error is there. */
export function withAnswer<Thrown extends object>(error: Thrown, answer: EndpointAnswer): Thrown {
  answers.set(error, answer);
  return error;
}

/** Returns the answer that an error stands for. */
export function answerOf(error: object): EndpointAnswer | undefined {
  return answers.get(error);
}

/** What an HTTP status says about a token request that failed. */
export function outcomeOf(status: number): TokenRequestOutcome {
  if (status === 429 || status === 503) return "throttled";
  return (status >= 200 && status < 300) || (status >= 400 && status < 500) ? "refused" : "unknown";
}

/** One hour, in milliseconds. A server that asks for more has made a mistake, or is asked again by another process long before. */
const longestRetryAfter = 3_600_000;

/**
 * Reads the Retry-After header (RFC 9110 section 10.2.3), seconds or an HTTP date, as milliseconds from 0 to one hour. A date is compared
 * with the server's own Date, so that this machine's clock does not matter. Returns undefined for whatever is neither.
 */
export function readRetryAfter(answer: Answer): number | undefined {
  const text = answer.header("retry-after")?.trim() ?? "";
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.min(Number(text) * 1000, longestRetryAfter);
  // Every form of an HTTP date begins with the name of a day; Date.parse alone would read "-5" as a year.
  const until = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  const now = Date.parse(answer.header("date") ?? "");
  return Math.min(Math.max(0, until - (Number.isNaN(now) ? Date.now() : now)), longestRetryAfter);
}

/** The error of a client authentication that failed, so that nothing was sent. */
export function unauthenticated(error: unknown, title: string): TokenRequestError {
  const cause = TokenflightError.is(error) ? error : readFailure(error).cause;
  const message = `The client authentication failed, so that no ${title} request was sent; its error is the cause.`;
  return new TokenRequestError("not-sent", message, { cause });
}

/** The error of a request that got no answer. */
export function unanswered(error: unknown, { title, host, mask }: AskedEndpoint): TokenRequestError {
  const { neverConnected, code = "its error is the cause", cause } = readFailure(error, mask);
  const message = neverConnected
    ? `The ${title} endpoint ${host} could not be reached (${code}).`
    : `The ${title} request to ${host} broke off (${code}).`;
  return new TokenRequestError(neverConnected ? "not-sent" : "unknown", message, { cause });
}

/** Whether the server did not know the client (RFC 6749 section 5.2): nothing was carried out, and nothing used up. */
export function isUnknownClient(error: unknown): boolean {
  if (!(error instanceof TokenRequestError) || error.outcome !== "refused") return false;
  return error.error === "invalid_client" || (error.status === 401 && error.error === undefined);
}

/** Whether the grant may have been issued to the next client (RFC 6749 section 5.2): after a rotation, that is the old one. */
export function isGrantOfAnother(error: unknown, { clientId }: ClientCredentials, next: ClientCredentials): boolean {
  return error instanceof TokenRequestError && error.error === "invalid_grant" && error.outcome === "refused" && clientId !== next.clientId;
}
