import { TokenRequestError } from "@tokenflight/core";
import { allowInsecureRequests, customFetch, discoveryRequest, processDiscoveryResponse, type DiscoveryRequestOptions } from "oauth4webapi";
import type { FetchFunction, ServerMetadata } from "../client-parts.ts";
import { readFields, type AnswerFields } from "../endpoint/answer-fields.ts";
import { fetchUntil, readAnswer, type Answer } from "../endpoint/answer.ts";
import { outcomeOf, readFailure, readRetryAfter } from "../endpoint/failure.ts";
import { ownFields } from "../own-fields.ts";
import { problemOf } from "./authorization-server.ts";

/** RFC 8414 section 3, then OpenID Connect Discovery 1.0 section 4. */
const places = ["oauth2", "oidc"] as const;

/** Fetches and checks an issuer's metadata. Rejects with TokenRequestError; no token request was sent. */
export async function discover(issuer: URL, fetch: FetchFunction, signal: AbortSignal): Promise<ServerMetadata> {
  for (const place of places) {
    const answer = await ask(issuer, place, fetch, signal);
    const metadata = answer.status === 200 ? readFields(answer.text) : undefined;
    if (metadata !== undefined) return check(issuer, metadata);
    // The server is there and in trouble: what it says of one place is true of the other.
    if (answer.status === 429 || answer.status >= 500) throw unavailable(issuer, answer);
  }
  throw new TokenRequestError(
    "not-sent",
    `The issuer ${issuer.href} has no metadata: neither of its well-known addresses answered with a JSON object.`,
  );
}

async function ask(issuer: URL, algorithm: (typeof places)[number], fetch: FetchFunction, signal: AbortSignal): Promise<Answer> {
  const options = ownFields<DiscoveryRequestOptions>({
    algorithm,
    [allowInsecureRequests]: issuer.protocol === "http:",
    [customFetch]: (url, { method, headers, redirect }) => fetchUntil(fetch, url, { method, headers, redirect }, signal),
  });
  try {
    return await readAnswer(await discoveryRequest(issuer, options), signal);
  } catch (error) {
    const { code = "its error is the cause", cause } = readFailure(error, String);
    const message = signal.aborted ? "did not come in time" : `could not be fetched (${code})`;
    throw new TokenRequestError("not-sent", `The metadata of the issuer ${issuer.href} ${message}.`, { cause });
  }
}

async function check(issuer: URL, metadata: AnswerFields): Promise<ServerMetadata> {
  const invalid = (problem: string): TokenRequestError =>
    new TokenRequestError("not-sent", `The metadata of the issuer ${issuer.href} ${problem}.`);
  let server: Awaited<ReturnType<typeof processDiscoveryResponse>>;
  try {
    server = await processDiscoveryResponse(issuer, Response.json(metadata));
  } catch {
    throw invalid("is another issuer's");
  }
  const endpoint = typeof server.token_endpoint === "string" ? URL.parse(server.token_endpoint) : null;
  if (endpoint === null) throw invalid("names no token endpoint");
  const problem = problemOf(endpoint, issuer.href);
  if (problem !== undefined) throw invalid(`names a token endpoint ${problem}`);
  return { ...server, token_endpoint: endpoint.href };
}

function unavailable(issuer: URL, answer: Answer): TokenRequestError {
  const outcome = outcomeOf(answer.status) === "throttled" ? "throttled" : "not-sent";
  const message = `The metadata of the issuer ${issuer.href} cannot be had: the server answered ${answer.status}.`;
  return new TokenRequestError(outcome, message, { retryAfter: readRetryAfter(answer) });
}
