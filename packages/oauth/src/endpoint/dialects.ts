import { hasOwn, readChallenges } from "@tokenflight/core";
import { inOneSpelling } from "../client-parts.ts";
import { readFields, textField, valuesIn, type AnswerFields } from "./answer-fields.ts";
import type { Answer } from "./answer.ts";

// RFC 6749 section 5.2 has `error` and `error_description`. Servers in the field say the same in many other places, and all of them are read here.

/** What an answer says went wrong, as it said it. It may hold secrets of the request. */
export interface Refusal {
  /** The first code that it says. */
  readonly code: string | undefined;
  readonly description: string | undefined;
  /** Every code that it says, in one spelling (`inOneSpelling`). */
  readonly codes: readonly string[];
  /** Every sentence, in the same spelling. */
  readonly sentences: readonly string[];
}

/** Where a code stands, in the order in which they count. */
const codeNames = ["error", "error_code", "errorCode", "errorType", "code", "type", "status", "suberror"];
const sentenceNames = [
  "error_description",
  "errorDescription",
  "message",
  "msg",
  "error_message",
  "errorMessage",
  "description",
  "detail",
  "reason",
];
/** Words that stand in such places and say that nothing went wrong. */
const fineWords = new Set(["ok", "none", "null", "n_a", "no", "no_error", "noerror", "false", "success", "succeeded"]);
/** These say that something did, and not what. */
const emptyWords = new Set(["true", "error", "fail", "failed", "failure"]);
/** Errors of a list that are looked at. */
const mostErrors = 8;

/** Reads what an answer and its challenges (RFC 6750 section 3) say. `envelope` is the object in which the tokens should be, when that is not all of it. */
export function readRefusal(answer: Answer, envelope?: AnswerFields): Refusal {
  const fields = readFields(answer.text);
  const places = [fields, envelope];
  const listed = places.flatMap(listedIn);
  const holders = [...places.flatMap((place) => [place, place?.["error"]]), ...listed].filter(isHolder);
  const challenges = readChallenges(answer.header("www-authenticate") ?? "").map(({ parameters }) => parameters);
  const named = (name: string): string[] => challenges.flatMap((parameters) => parameters.get(name) || []);
  // A list may be one of plain words.
  const codes = [
    ...holders.flatMap(codesIn),
    ...listed.filter((one) => typeof one === "string" && saysSomething(one)),
    ...named("error"),
  ] as string[];
  const sentences = [...holders.flatMap(sentencesIn), ...named("error_description")];
  return {
    code: codes[0],
    description: sentences[0],
    codes: codes.map(inOneSpelling),
    // A body that is a sentence may quote anything: it is compared, and not shown.
    sentences: [...sentences, ...(fields === undefined ? [answer.text ?? ""] : [])].map(inOneSpelling),
  };
}

/** Whether the `error` of an answer says something. One of `false`, `""` or `"none"` does not. */
export function saysError(fields: AnswerFields | undefined): boolean {
  const error = textField(fields, "error");
  return error !== undefined && saysSomething(error);
}

/**
 * Whether an object says that something went wrong, of whatever type that is: an `error` or `errors` with anything in it, a `success` or an `ok` of
 * false. A refresh token beside it may be what was sent.
 */
export function saysAnyError(fields: AnswerFields | undefined): boolean {
  const value = (name: string): unknown => (fields !== undefined && hasOwn(fields, name) ? fields[name] : undefined);
  return ["error", "errors"].some((name) => isFailure(value(name))) || ["success", "ok"].some((name) => value(name) === false);
}

/** The same of a text that is no JSON as a whole, but may have parts of it. */
export function saysAnyErrorIn(text: string): boolean {
  const hasOther = /"errors?"\s*:\s*(?:\{\s*[^}\s]|\[\s*[^\]\s]|-?[1-9]|-?0\.|true)|"(?:success|ok)"\s*:\s*false/.test(text);
  return hasOther || valuesIn(text, "errors?").some(isFailure);
}

/** The codes in such a text, in one spelling. */
export function codesInText(text: string): string[] {
  return valuesIn(text, `(?:${codeNames.join("|")})`).map(inOneSpelling);
}

type Holder = Readonly<Record<string, unknown>>;

function isHolder(value: unknown): value is Holder {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listedIn(fields: AnswerFields | undefined): unknown[] {
  const errors = fields?.["errors"];
  return Array.isArray(errors) ? errors.slice(0, mostErrors) : [errors];
}

function codesIn(holder: Holder): string[] {
  const code = textField(holder, "code");
  // What is wrong with which field of the request: `{ field: "refresh_token", code: "invalid" }`.
  const ofField =
    code === undefined ? [] : ["field", "resource"].flatMap((name) => textField(holder, name) ?? []).map((field) => `${field}_${code}`);
  return [...ofField, ...codeNames.flatMap((name) => textField(holder, name) ?? []).filter(saysSomething)];
}

function sentencesIn(holder: Holder): string[] {
  return sentenceNames.flatMap((name) => textField(holder, name) ?? []);
}

function saysSomething(word: string): boolean {
  const spelling = inOneSpelling(word);
  // A word in another alphabet says something, too.
  return !fineWords.has(spelling) && !emptyWords.has(spelling) && (spelling !== "" ? !/^\d+$/.test(spelling) : /\S/.test(word));
}

function isFailure(error: unknown): boolean {
  if (typeof error === "object" && error !== null) return Object.keys(error).length > 0;
  if (typeof error !== "string") return Boolean(error);
  const spelling = inOneSpelling(error);
  return spelling === "" ? /\S/.test(error) : !fineWords.has(spelling) && !/^0+$/.test(spelling);
}
