import { InvalidOptionError, requireFunction, requireOneOf, requireText, requireThat } from "@tokenflight/core";
import { inOneSpelling, type ClientParts } from "../client-parts.ts";
import { readParameters } from "../grants/grant-parameters.ts";
import type { OAuthClientOptions } from "./client-options.ts";

/** How this server wants to be asked for tokens, and how its answers are read. */
export type AnswerParts = Pick<
  ClientParts,
  | "bearerTypes"
  | "loginRequired"
  | "loginRequiredErrors"
  | "passingStatuses"
  | "requestFormat"
  | "tokenParameters"
  | "tokenTypes"
  | "tokensAt"
>;

export const answerOptionNames = [
  "tokenTypes",
  "bearerTypes",
  "tokensAt",
  "requestFormat",
  "tokenParameters",
  "loginRequired",
  "loginRequiredErrors",
  "passingStatuses",
] as const;

/** Throws InvalidOptionError. */
export function readAnswerOptions(read: OAuthClientOptions): AnswerParts {
  const { requestFormat = "form", loginRequired, tokensAt } = read;
  requireOneOf("requestFormat", requestFormat, ["form", "json"]);
  if (loginRequired !== undefined) requireFunction("loginRequired", loginRequired);
  const path = typeof tokensAt === "string" ? [tokensAt] : tokensAt;
  if (path !== undefined) readTexts("tokensAt", path);
  if (path?.length === 0) throw new InvalidOptionError("tokensAt", "the name of a field, or of several", "an empty array");
  return {
    tokenTypes: new Set(["bearer", ...inLowerCase("tokenTypes", read.tokenTypes ?? [])]),
    bearerTypes: new Set(inLowerCase("bearerTypes", read.bearerTypes ?? [])),
    tokensAt: path === undefined ? undefined : [...path],
    requestFormat,
    tokenParameters: readParameters("tokenParameters", read.tokenParameters ?? {}),
    loginRequired,
    loginRequiredErrors: new Set(readTexts("loginRequiredErrors", read.loginRequiredErrors ?? []).map(inOneSpelling)),
    passingStatuses: new Set(readStatuses("passingStatuses", read.passingStatuses ?? [])),
  };
}

function inLowerCase(where: string, value: readonly string[]): string[] {
  return readTexts(where, value).map((one) => one.toLowerCase());
}

function readTexts(where: string, value: readonly string[]): readonly string[] {
  requireThat(Array.isArray(value), where, "an array of strings", value);
  for (const one of value) requireText(where, one);
  return [...value];
}

function readStatuses(where: string, value: readonly number[]): readonly number[] {
  const isStatus = (one: unknown): boolean => typeof one === "number" && Number.isInteger(one) && one >= 400 && one <= 499;
  requireThat(Array.isArray(value) && value.every(isStatus), where, "an array of HTTP statuses from 400 to 499", value);
  return [...value];
}
