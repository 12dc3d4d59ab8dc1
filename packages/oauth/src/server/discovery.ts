import { TokenRequestError, parseUrl } from "@tokenflight/core";
import type { EndpointRules, FetchFunction, ServerMetadata } from "../client-parts.ts";
import { readFields, textField, type AnswerFields } from "../endpoint/answer-fields.ts";
import { fetchUntil, isRedirect, readAnswer, type Answer } from "../endpoint/answer.ts";
import { outcomeOf, readRetryAfter } from "../endpoint/failure.ts";
import { clean } from "../endpoint/mask.ts";
import { readFailure } from "../endpoint/read-failure.ts";
import { isSameIssuer, problemOf } from "./authorization-server.ts";

/**
 * The addresses of an issuer's metadata, in the order of the Model Context Protocol: RFC 8414 section 3.1, the same with the older suffix (section 5), and
 * for an issuer with a path OpenID Connect Discovery 1.0 section 4.1. A slash at the issuer's end is left out of them.
 */
function addressesOf({ origin, pathname }: URL): string[] {
  const path = pathname.replace(/\/$/, "");
  const inserted = ["oauth-authorization-server", "openid-configuration"].map((suffix) => `${origin}/.well-known/${suffix}${path}`);
  return path === "" ? inserted : [...inserted, `${origin}${path}/.well-known/openid-configuration`];
}

/** What became of a look for an issuer's metadata. */
export type FoundMetadata =
  | {
      /** What the server says of itself; undefined when there is nothing that may be used. */
      readonly metadata: ServerMetadata;
    }
  | {
      /** What the server says of itself; undefined when there is nothing that may be used. */
      readonly metadata: undefined;
      /**
       * "absent": there is none at any of its addresses. "another-issuer": what is there is another issuer's. "unusable": it cannot be read, or names no token
       * endpoint that may be used.
       */
      readonly problem: "absent" | "another-issuer" | "unusable";
      /** Says what was found in its place. */
      readonly error: TokenRequestError;
    };

export interface LookForMetadata {
  readonly fetch: FetchFunction;
  readonly signal: AbortSignal;
  readonly isTrusted: EndpointRules["isTrusted"] | undefined;
  /** Whether metadata that names this issuer is what is looked for. Undefined: the same issuer. */
  readonly isIssuer: ((named: string) => boolean) | undefined;
}

/** Fetches and checks an issuer's metadata. Rejects with TokenRequestError; no token request was sent. */
export async function discover(
  issuer: URL,
  fetch: FetchFunction,
  signal: AbortSignal,
  isTrusted: EndpointRules["isTrusted"],
): Promise<ServerMetadata> {
  const found = await findMetadata(issuer, { fetch, signal, isTrusted, isIssuer: undefined });
  if (found.metadata === undefined) throw found.error;
  return found.metadata;
}

/** Looks at all addresses of an issuer's metadata. Rejects with TokenRequestError when the server cannot be asked, or asks not to be. */
export async function findMetadata(
  issuer: URL,
  { fetch, signal, isTrusted, isIssuer = (named) => isSameIssuer(named, issuer) }: LookForMetadata,
): Promise<FoundMetadata> {
  const addresses = addressesOf(issuer);
  let trouble: Exclude<FoundMetadata, { metadata: ServerMetadata }> | undefined;
  let away: TokenRequestError | undefined;
  for (const address of addresses) {
    const answer = await ask(issuer, address, fetch, signal);
    const metadata = answer.status === 200 ? readFields(answer.text) : undefined;
    if (metadata !== undefined) {
      const named = textField(metadata, "issuer");
      if (named !== undefined && isIssuer(named)) return check(issuer, named, metadata, isTrusted);
      // RFC 8414 section 3.3: it is not used. A server that gives the same metadata for every path may have this issuer's at the next address.
      trouble ??= { metadata: undefined, problem: "another-issuer", error: anothers(issuer, named) };
    } else if (answer.status === 429 || answer.status >= 500) {
      away = unavailable(issuer, answer);
      // It asks not to be asked. What a gateway says of a path that it does not know (500, 502) is not true of the others.
      if (answer.status === 429 || answer.status === 503) throw away;
    } else if (answer.status === 200 && answer.problem !== undefined) {
      trouble ??= unusable(issuer, `cannot be read: it ${answer.problem}`);
    } else if (isRedirect(answer.status)) {
      trouble ??= unusable(issuer, "cannot be had: a redirect stands there, which is not followed");
    }
  }
  if (away !== undefined) throw away;
  if (trouble !== undefined) return trouble;
  const asked = `none of its ${addresses.length} well-known addresses answered with a JSON object`;
  const error = new TokenRequestError("not-sent", `The issuer ${issuer.href} has no metadata: ${asked}.`);
  return { metadata: undefined, problem: "absent", error };
}

async function ask(issuer: URL, address: string, fetch: FetchFunction, signal: AbortSignal): Promise<Answer> {
  try {
    const init: RequestInit = { method: "GET", headers: { accept: "application/json" }, redirect: "manual" };
    return await readAnswer(await fetchUntil(fetch, address, init, signal), signal);
  } catch (error) {
    const { code = "its error is the cause", cause } = readFailure(error, String);
    const message = signal.aborted ? "did not come in time" : `could not be fetched (${code})`;
    throw new TokenRequestError("not-sent", `The metadata of the issuer ${issuer.href} ${message}.`, { cause });
  }
}

function check(issuer: URL, named: string, metadata: AnswerFields, isTrusted: LookForMetadata["isTrusted"]): FoundMetadata {
  const endpoint = parseUrl(textField(metadata, "token_endpoint") ?? "");
  if (endpoint === null) return unusable(issuer, "names no token endpoint");
  const problem = problemOf(endpoint, issuer.href, isTrusted);
  if (problem !== undefined) return unusable(issuer, `names a token endpoint ${problem}`);
  return { metadata: { ...metadata, issuer: named, token_endpoint: endpoint.href } };
}

function unusable(issuer: URL, problem: string): Exclude<FoundMetadata, { metadata: ServerMetadata }> {
  const error = new TokenRequestError("not-sent", `The metadata of the issuer ${issuer.href} ${problem}.`);
  return { metadata: undefined, problem: "unusable", error };
}

function anothers(issuer: URL, named: string | undefined): TokenRequestError {
  const said = named === undefined ? "names no issuer" : `names "${clean(named, 200)}"`;
  return new TokenRequestError("not-sent", `The metadata of the issuer ${issuer.href} is another issuer's: it ${said}.`);
}

function unavailable(issuer: URL, answer: Answer): TokenRequestError {
  const outcome = outcomeOf(answer.status) === "throttled" ? "throttled" : "not-sent";
  const message = `The metadata of the issuer ${issuer.href} cannot be had: the server answered ${answer.status}.`;
  return new TokenRequestError(outcome, message, { retryAfter: readRetryAfter(answer) });
}
