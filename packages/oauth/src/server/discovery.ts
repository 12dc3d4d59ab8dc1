import { TokenRequestError } from "@tokenflight/core";
import { allowInsecureRequests, customFetch, discoveryRequest, processDiscoveryResponse, type DiscoveryRequestOptions } from "oauth4webapi";
import { fetchWithin, readAnswer, type Answer, type FetchFunction } from "../endpoint/answer.ts";
import { readFields, type AnswerFields } from "../endpoint/answer-fields.ts";
import type { LocatedServer } from "./authorization-server.ts";
import { readFailure } from "../endpoint/failure.ts";
import { readRetryAfter } from "../endpoint/retry-after.ts";
import { keepsSecrets } from "./server-url.ts";
import { outcomeOf } from "../endpoint/token-endpoint-response.ts";

/** RFC 8414 section 3, then OpenID Connect Discovery 1.0 section 4. */
const places = ["oauth2", "oidc"] as const;

/** Fetches and checks an issuer's metadata. Throws TokenRequestError; no token request was sent. */
export async function discover(issuer: URL, fetch: FetchFunction, signal: AbortSignal): Promise<LocatedServer> {
  for (const algorithm of places) {
    const answer = await ask(issuer, algorithm, fetch, signal);
    const metadata = answer.status === 200 ? readFields(answer.text) : undefined;
    if (metadata !== undefined) return check(issuer, metadata);
    // The server is there and in trouble: what it says of one place holds for the other.
    if (answer.status === 429 || answer.status >= 500) throw unavailable(issuer, answer);
  }
  throw new TokenRequestError(
    "not-sent",
    `The issuer ${issuer.href} has no metadata: neither of its well-known addresses answered with a JSON object.`,
  );
}

async function ask(issuer: URL, algorithm: (typeof places)[number], fetch: FetchFunction, signal: AbortSignal): Promise<Answer> {
  const options: DiscoveryRequestOptions = {
    algorithm,
    [allowInsecureRequests]: issuer.protocol === "http:",
    [customFetch]: (url, { method, headers, redirect }) => fetchWithin(fetch, url, { method, headers, redirect }, signal),
  };
  try {
    return await readAnswer(await discoveryRequest(issuer, options), signal);
  } catch (error) {
    const { code = "its error is the cause", cause } = readFailure(error, String);
    const message = signal.aborted ? "did not come in time" : `could not be fetched (${code})`;
    throw new TokenRequestError("not-sent", `The metadata of the issuer ${issuer.href} ${message}.`, { cause });
  }
}

async function check(issuer: URL, metadata: AnswerFields): Promise<LocatedServer> {
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
  // An issuer on the network must not send credentials to whatever listens on this machine.
  if (!keepsSecrets(endpoint) || (issuer.protocol === "https:" && endpoint.protocol !== "https:"))
    throw invalid("names a token endpoint that is not https");
  if (endpoint.username !== "" || endpoint.password !== "") throw invalid("names a token endpoint with credentials");
  return { ...server, token_endpoint: endpoint.href };
}

function unavailable(issuer: URL, answer: Answer): TokenRequestError {
  const outcome = outcomeOf(answer.status) === "throttled" ? "throttled" : "not-sent";
  const retryAfter = readRetryAfter(answer.header("retry-after"), answer.header("date"));
  const message = `The metadata of the issuer ${issuer.href} cannot be had: the server answered ${answer.status}.`;
  return new TokenRequestError(outcome, message, { retryAfter });
}
