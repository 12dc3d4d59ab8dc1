import { readChallenges } from "@tokenflight/core";
import { readFields, textField, type AnswerFields } from "./answer-fields.ts";
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
/** Words that stand in such places and say nothing of what went wrong. */
const silentWords = new Set([
  "ok",
  "none",
  "null",
  "no",
  "no_error",
  "false",
  "true",
  "success",
  "succeeded",
  "error",
  "fail",
  "failed",
  "failure",
]);
/** Errors of a list that are looked at, and characters of a text that are compared. */
const most = { errors: 8, characters: 200 };

/** Reads what an answer and its challenges (RFC 6750 section 3) say. `envelope` is the object in which the tokens should be, when that is not all of it. */
export function readRefusal(answer: Answer, envelope?: AnswerFields): Refusal {
  const fields = readFields(answer.text);
  const error = fields?.["error"];
  const errors = fields?.["errors"];
  const listed = Array.isArray(errors) ? errors.slice(0, most.errors) : [errors];
  const holders = [fields, error, ...listed, envelope].filter(isHolder);
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

/** One spelling for a code or a short sentence, whatever its case and separators: "BAD_REFRESH_TOKEN", "badRefreshToken", "Bad refresh token." */
export function inOneSpelling(text: string): string {
  const words = text.slice(0, most.characters).replaceAll(/([a-z\d])([A-Z])/g, "$1_$2");
  return words
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter(Boolean)
    .join("_");
}

type Holder = Readonly<Record<string, unknown>>;

function isHolder(value: unknown): value is Holder {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(holder: Holder, name: string): string | undefined {
  const value = Object.hasOwn(holder, name) ? holder[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

function codesIn(holder: Holder): string[] {
  const code = own(holder, "code");
  // What is wrong with which field of the request: `{ field: "refresh_token", code: "invalid" }`.
  const ofField =
    code === undefined ? [] : ["field", "resource"].flatMap((name) => own(holder, name) ?? []).map((field) => `${field}_${code}`);
  return [...ofField, ...codeNames.flatMap((name) => own(holder, name) ?? []).filter(saysSomething)];
}

function sentencesIn(holder: Holder): string[] {
  return sentenceNames.flatMap((name) => own(holder, name) ?? []);
}

function saysSomething(word: string): boolean {
  const spelling = inOneSpelling(word);
  // A word in another alphabet says something, too.
  return !silentWords.has(spelling) && (spelling !== "" ? !/^\d+$/.test(spelling) : /\S/.test(word));
}
