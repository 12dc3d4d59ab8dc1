import { InvalidOptionError, kindOf, parseUrl } from "@tokenflight/core";
import { clean } from "../endpoint/mask.ts";
import { LoginError } from "../errors.ts";
import type { PendingLogin } from "./pending-login.ts";

export interface CallbackRules {
  /** The issuer that an `iss` has to name; undefined when it is not known. */
  readonly issuer: string | undefined;
  /** Whether the server always sends `iss`. */
  readonly sendsIssuer: boolean;
}

/** The URL that the user came back with: absolute, or the path with its query as a server sees it. */
export type CallbackUrl = string | URL;

/** Characters. A code is never several KB long. */
const longestCode = 16_384;

/** Reads the parameters of a callback. Throws InvalidOptionError, which shows nothing of it. */
export function readCallbackUrl(where: string, callback: CallbackUrl): URLSearchParams {
  const text = callback instanceof URL ? callback.href : callback;
  const url = typeof text === "string" ? parseUrl(text, "http://localhost") : null;
  if (url === null) throw new InvalidOptionError(where, "the URL that the user came back with", kindOf(callback));
  return url.searchParams;
}

/** Returns the state of a callback, or undefined when there is none or more than one. */
export function stateOf(parameters: URLSearchParams): string | undefined {
  const [state, ...more] = parameters.getAll("state");
  return more.length === 0 ? state : undefined;
}

/**
 * Checks that a callback answers this login and gives its code: the state first, so that nobody else's callback is told anything more, then
 * the issuer (RFC 9207 section 2.4), then what the server says. Throws LoginError.
 */
export function checkCallback(parameters: URLSearchParams, pending: PendingLogin, { issuer, sendsIssuer }: CallbackRules): string {
  const mismatch = (problem: string): LoginError => new LoginError("callback", `The callback does not answer this login: ${problem}.`);
  if (stateOf(parameters) !== pending.state) throw mismatch("its state is another one");
  for (const name of new Set(parameters.keys())) {
    // RFC 6749 section 3.1.
    if (parameters.getAll(name).length > 1) throw mismatch("a parameter is there more than once");
  }
  const iss = parameters.get("iss");
  if (iss === null && sendsIssuer) throw mismatch("it names no issuer, though this server always does");
  if (iss !== null && issuer !== undefined && iss !== issuer) throw mismatch("it comes from another issuer");
  const error = parameters.get("error");
  if (error !== null && error !== "") throw refusal(error, parameters.get("error_description"));
  for (const name of ["response", "access_token", "id_token", "token"]) {
    if (parameters.has(name)) throw mismatch("it is one of another flow");
  }
  const code = parameters.get("code");
  if (code === null || code === "" || code.length > longestCode) throw mismatch("it has no code");
  return code;
}

/** The error of a callback that says no. Anybody can write the URL of a callback, so its words are cut and cleaned. */
function refusal(error: string, description: string | null): LoginError {
  const details = { error: clean(error, 64), errorDescription: description === null ? undefined : clean(description, 300) };
  const said = [details.error, details.errorDescription].filter((part) => part !== undefined && part !== "").join(": ");
  return new LoginError("refused", `The login was refused: ${said}.`, details);
}
