import { TokenflightError, TokenRequestError, type TokenRequestOutcome } from "@tokenflight/core";
import { fetchWithin, readAnswer, type Answer, type FetchFunction } from "./answer.ts";
import type { LocatedServer, ServerLocator } from "../server/authorization-server.ts";
import { readCredentials, type ClientCredentials, type CurrentCredentials } from "./client-identity.ts";
import { withDeadline, within } from "./deadline.ts";
import { readFailure } from "./failure.ts";
import { createMask, type Mask } from "./mask.ts";
import { endpointOf, type EndpointName } from "../server/server-endpoint.ts";

/** What is the same for every request of one client. */
export interface EndpointParts {
  readonly server: ServerLocator;
  /** Names the client in the identity of its token sources. */
  readonly clientId: string;
  readonly credentials: CurrentCredentials;
  readonly fetch: FetchFunction;
  /** Milliseconds for one request, from the look for the endpoint to the last byte of the answer. */
  readonly timeout: number;
}

/** What a request is for, and how long it may take. */
export interface Purpose {
  readonly endpoint: EndpointName;
  readonly signal: AbortSignal | undefined;
}

export interface EndpointRequest extends Purpose {
  /** The body's fields, without those of the client authentication. A name may come more than once. */
  fields(clientId: string): BodyFields;
  /** Names of those that are no secret. */
  readonly open: ReadonlySet<string>;
}

export type BodyFields = readonly (readonly [name: string, value: string])[];

/** An answer, and what is needed to speak about it. */
export interface EndpointAnswer {
  readonly answer: Answer;
  readonly host: string;
  readonly mask: Mask;
}

const titles: Record<EndpointName, string> = {
  token_endpoint: "token",
  revocation_endpoint: "revocation",
  introspection_endpoint: "introspection",
  device_authorization_endpoint: "device authorization",
  authorization_endpoint: "authorization",
  jwks_uri: "key set",
};

/** Such as "token", for messages. */
export function titleOf(endpoint: EndpointName): string {
  return titles[endpoint];
}

/**
 * Sends a request with the client's authentication to one of the server's endpoints and reads the answer. Ends within the timeout and
 * with the signal, whatever the server, the client authentication or the fetch do. A redirect is not followed.
 *
 * Throws TokenRequestError, whose outcome tells whether the request can have reached the server, and whatever `read` throws. When that
 * says that the server does not know the client, or that the grant is not this client's, the next set of credentials is tried.
 */
export function askEndpoint<Result>(
  parts: EndpointParts,
  request: EndpointRequest,
  read: (answer: EndpointAnswer) => Result,
): Promise<Result> {
  return withDeadline(parts.timeout, request.signal, async (signal) => {
    const server = await locate(parts, request, signal);
    const sets = await currentCredentials(parts, request, signal);
    /** What the first client was told that the server knows: the fallback, which may be dead, has nothing better to say. */
    let refusal: unknown;
    for (const [index, credentials] of sets.entries()) {
      try {
        return read(await exchange(parts, request, server, credentials, signal));
      } catch (error) {
        const next = sets[index + 1];
        if (next !== undefined && isGrantOfAnother(error, credentials, next)) refusal ??= error;
        else if (next === undefined || !isUnknownClient(error)) throw isUnknownClient(error) ? (refusal ?? error) : error;
      }
    }
    throw new TypeError("There is always one set of credentials.");
  });
}

async function exchange(
  parts: EndpointParts,
  request: EndpointRequest,
  server: LocatedServer,
  credentials: ClientCredentials,
  signal: AbortSignal,
): Promise<EndpointAnswer> {
  const { host, href } = endpointOf(server, request.endpoint);
  const body = new URLSearchParams(request.fields(credentials.clientId).map(([name, value]) => [name, value]));
  const headers = new Headers({ accept: "application/json" });
  try {
    await within(signal, authenticate(credentials, server, body, headers));
    // It may have taken longer than anybody was ready to wait.
    signal.throwIfAborted();
  } catch (error) {
    throw signal.aborted ? ended("not-sent", host, parts, request) : unauthenticated(error, request);
  }
  // RFC 6749 appendix B.
  headers.set("content-type", "application/x-www-form-urlencoded;charset=UTF-8");
  const fields = Object.fromEntries(headers);
  const mask = createMask(fields, body, request.open);
  try {
    const init = { method: "POST", headers: fields, body: body.toString(), redirect: "manual" } as const;
    const response = await fetchWithin(parts.fetch, href, init, signal);
    return { answer: await readAnswer(response, signal), host, mask };
  } catch (error) {
    throw signal.aborted ? ended("unknown", host, parts, request) : unanswered(error, host, mask, request);
  }
}

/** Whatever the client authentication throws, and when. */
async function authenticate(
  { clientId, clientAuth }: ClientCredentials,
  server: LocatedServer,
  body: URLSearchParams,
  headers: Headers,
): Promise<void> {
  await clientAuth(server, { client_id: clientId }, body, headers);
}

/** Finds the server. Throws TokenRequestError. */
export async function locate(parts: EndpointParts, request: Purpose, signal: AbortSignal): Promise<LocatedServer> {
  const { server } = parts;
  try {
    signal.throwIfAborted();
    return await within(signal, server.locate());
  } catch (error) {
    throw signal.aborted ? ended("not-sent", new URL(server.identity[1]).host, parts, request) : error;
  }
}

/** The credentials of this moment. Throws TokenRequestError. */
export async function currentCredentials(
  parts: EndpointParts,
  request: Purpose,
  signal: AbortSignal,
): Promise<readonly [ClientCredentials, ...ClientCredentials[]]> {
  try {
    return await within(signal, readCredentials(parts.credentials));
  } catch (error) {
    throw signal.aborted ? ended("not-sent", new URL(parts.server.identity[1]).host, parts, request) : unauthenticated(error, request);
  }
}

/** RFC 6749 section 5.2: nothing was carried out, and nothing used up. */
function isUnknownClient(error: unknown): boolean {
  if (!(error instanceof TokenRequestError) || error.outcome !== "refused") return false;
  return error.error === "invalid_client" || (error.status === 401 && error.error === undefined);
}

/** RFC 6749 section 5.2: a code or a refresh token that was issued to another client. After a rotation that may be the one before. */
function isGrantOfAnother(error: unknown, { clientId }: ClientCredentials, next: ClientCredentials): boolean {
  return error instanceof TokenRequestError && error.error === "invalid_grant" && error.outcome === "refused" && clientId !== next.clientId;
}

function ended(outcome: TokenRequestOutcome, host: string, { timeout }: EndpointParts, request: Purpose): TokenRequestError {
  const why = request.signal?.aborted ? "was ended by its signal" : `was not answered within ${timeout} ms`;
  return new TokenRequestError(outcome, `The ${titleOf(request.endpoint)} request to ${host} ${why}.`);
}

function unauthenticated(error: unknown, { endpoint }: Purpose): TokenRequestError {
  const cause = TokenflightError.is(error) ? error : readFailure(error).cause;
  const message = `The client authentication failed, so that no ${titleOf(endpoint)} request was sent; its error is the cause.`;
  return new TokenRequestError("not-sent", message, { cause });
}

function unanswered(error: unknown, host: string, mask: Mask, { endpoint }: Purpose): TokenRequestError {
  const { neverConnected, code = "its error is the cause", cause } = readFailure(error, mask);
  const message = neverConnected
    ? `The ${titleOf(endpoint)} endpoint ${host} could not be reached (${code}).`
    : `The ${titleOf(endpoint)} request to ${host} broke off (${code}).`;
  return new TokenRequestError(neverConnected ? "not-sent" : "unknown", message, { cause });
}
