import { systemClock, TokenRequestError } from "@tokenflight/core";
import type { FetchFunction } from "../client-parts.ts";
import { ownFields } from "../own-fields.ts";
import { readFields, type AnswerFields } from "../endpoint/answer-fields.ts";
import { fetchUntil, isRedirect, readAnswer } from "../endpoint/answer.ts";
import { readRefusal } from "../endpoint/dialects.ts";
import { outcomeOf, readRetryAfter } from "../endpoint/failure.ts";
import { clean } from "../endpoint/mask.ts";
import { readFailure } from "../endpoint/read-failure.ts";
import { within } from "../endpoint/waiting.ts";

/** A request whose answer is a JSON object. */
export interface JsonRequest {
  /** Sends the request. */
  readonly fetch: FetchFunction;
  /** Where it goes: https, or http to this machine. */
  readonly url: string;
  /** Names the request in messages, such as "registration". */
  readonly title: string;
  /** Is sent as JSON with POST. Default: none, and the request is a GET. Nothing in it is a secret. */
  readonly body?: object | undefined;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  /** Ends the request. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** An answer within the bounds in which answers are read. */
export interface JsonAnswer {
  /** HTTP status. */
  readonly status: number;
  /** The fields of a JSON object; undefined for everything else. An object without a prototype. */
  readonly fields: AnswerFields | undefined;
  /** Why there are none, where the body could not be read, or the answer is a redirect. Completes the sentence "The answer ...". */
  readonly problem: string | undefined;
  /** The code and the words by which an answer says no (RFC 6749 section 5.2), cleaned. */
  readonly error: string | undefined;
  /** The server's `error_description`, cut and cleaned. Undefined when it gave none. */
  readonly errorDescription: string | undefined;
}

/**
 * Asks a server for a JSON object, within the bounds in which all answers are read here: 256 KB, a timeout, and no redirect is followed.
 *
 * @throws TokenRequestError (`ERR_TOKEN_REQUEST_*`) when the server cannot be asked, or asks not to be.
 */
export async function requestJson(request: JsonRequest): Promise<JsonAnswer> {
  // What is left out must not come from a polluted prototype.
  const { fetch, url, title, body, timeout, signal } = ownFields(request);
  const { host } = new URL(url);
  const began = systemClock.monotonic();
  return within(timeout, signal, async (ending) => {
    const asked: RequestInit =
      body === undefined
        ? { method: "GET", headers: { accept: "application/json" }, redirect: "manual" }
        : {
            method: "POST",
            headers: { accept: "application/json", "content-type": "application/json" },
            body: JSON.stringify(body),
            redirect: "manual",
          };
    try {
      const answer = await readAnswer(await fetchUntil(fetch, url, asked, ending), ending);
      const { status } = answer;
      if (status === 429 || status >= 500) {
        const message = `The ${title} request to ${host} was answered ${status}.`;
        throw new TokenRequestError(outcomeOf(status), message, { status, retryAfter: readRetryAfter(answer) });
      }
      const fields = readFields(answer.text);
      const isRefusal = status < 200 || status >= 300;
      const { code, description } = readRefusal(answer);
      return {
        status,
        fields,
        problem: isRedirect(status) ? "is a redirect, which is not followed" : answer.problem,
        error: !isRefusal || code === undefined ? undefined : clean(code, 64),
        errorDescription: !isRefusal || description === undefined ? undefined : clean(description, 300),
      };
    } catch (error) {
      if (error instanceof TokenRequestError) throw error;
      const outcome = body === undefined ? "not-sent" : "unknown";
      if (ending.aborted) {
        const why = signal?.aborted
          ? "was ended by its signal"
          : `was not answered within ${Math.round(systemClock.monotonic() - began)} ms`;
        throw new TokenRequestError(outcome, `The ${title} request to ${host} ${why}.`);
      }
      const { neverConnected, code = "its error is the cause", cause } = readFailure(error, String);
      const message = neverConnected
        ? `${host} could not be reached for the ${title} request (${code}).`
        : `The ${title} request to ${host} broke off (${code}).`;
      throw new TokenRequestError(neverConnected ? "not-sent" : outcome, message, { cause });
    }
  });
}
