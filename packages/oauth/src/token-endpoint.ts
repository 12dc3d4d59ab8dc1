import { TokenflightError, TokenRequestError, type TokenRequestOutcome, type TokenResponse } from "@tokenflight/core";
import {
  allowInsecureRequests,
  customFetch,
  genericTokenEndpointRequest,
  type ClientAuth,
  type TokenEndpointRequestOptions,
} from "oauth4webapi";
import { fetchWithin, readAnswer, type FetchFunction } from "./answer.ts";
import type { LocatedServer, ServerLocator } from "./authorization-server.ts";
import { withDeadline, within } from "./deadline.ts";
import { readFailure } from "./failure.ts";
import type { GrantParameters } from "./grant-parameters.ts";
import { createMask, type Mask } from "./mask.ts";
import { readTokenEndpointResponse } from "./token-endpoint-response.ts";

export interface TokenEndpointParts {
  readonly server: ServerLocator;
  readonly clientId: string;
  readonly clientAuth: ClientAuth;
  readonly fetch: FetchFunction;
  /** Milliseconds for one token request, from the look for the endpoint to the last byte of the answer. */
  readonly timeout: number;
  /** In lower case. */
  readonly tokenTypes: ReadonlySet<string>;
}

export interface TokenRequest {
  /** `grant_type`. */
  readonly grant: string;
  /** Fields that nobody may see again. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly parameters: GrantParameters;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends one token request (RFC 6749 section 3.2) and reads the answer. Ends within the timeout and with the signal, whatever the server,
 * the client authentication or the fetch do. A redirect is not followed.
 *
 * Throws TokenRequestError, whose outcome tells whether the request can have reached the server, and InvalidTokenResponseError.
 */
export function requestTokens(endpoint: TokenEndpointParts, request: TokenRequest): Promise<TokenResponse> {
  return withDeadline(endpoint.timeout, request.signal, async (signal) => {
    const server = await locate(endpoint, request, signal);
    const { host } = new URL(server.token_endpoint);
    const sent: { mask?: Mask } = {};
    let response: Response;
    try {
      response = await within(signal, send(endpoint, request, server, signal, sent));
    } catch (error) {
      if (signal.aborted) throw ended(sent.mask === undefined ? "not-sent" : "unknown", host, endpoint, request);
      throw sent.mask === undefined ? unauthenticated(error) : unanswered(error, host, sent.mask);
    }
    const { mask = String } = sent;
    return readTokenEndpointResponse(await readAnswer(response, signal), { host, tokenTypes: endpoint.tokenTypes, mask });
  });
}

async function locate(endpoint: TokenEndpointParts, request: TokenRequest, signal: AbortSignal): Promise<LocatedServer> {
  const { server } = endpoint;
  try {
    signal.throwIfAborted();
    return await within(signal, server.locate());
  } catch (error) {
    throw signal.aborted ? ended("not-sent", new URL(server.identity[1]).host, endpoint, request) : error;
  }
}

/** `sent.mask` is there from the moment when the request may have left. */
function send(
  { clientId, clientAuth, fetch }: TokenEndpointParts,
  { grant, secrets, parameters }: TokenRequest,
  server: LocatedServer,
  signal: AbortSignal,
  sent: { mask?: Mask },
): Promise<Response> {
  const open = new Set(parameters.fields.map(([name]) => name));
  const fields = [...parameters.fields, ...Object.entries(secrets)].map(([name, value]) => [name, value]);
  const options: TokenEndpointRequestOptions = {
    [allowInsecureRequests]: server.token_endpoint.startsWith("http:"),
    [customFetch](url, { method, headers, body, redirect }) {
      // A client authentication may have taken longer than anybody was ready to wait.
      signal.throwIfAborted();
      sent.mask = createMask(headers, body, open);
      return fetchWithin(fetch, url, { method, headers, redirect, body: body.toString() }, signal);
    },
  };
  return genericTokenEndpointRequest(server, { client_id: clientId }, clientAuth, grant, fields, options);
}

function ended(outcome: TokenRequestOutcome, host: string, { timeout }: TokenEndpointParts, { signal }: TokenRequest): TokenRequestError {
  const why = signal?.aborted ? "was ended by its signal" : `was not answered within ${timeout} ms`;
  return new TokenRequestError(outcome, `The token request to ${host} ${why}.`);
}

function unauthenticated(error: unknown): TokenRequestError {
  const cause = TokenflightError.is(error) ? error : readFailure(error).cause;
  return new TokenRequestError("not-sent", "The client authentication failed, so that no token request was sent; its error is the cause.", {
    cause,
  });
}

function unanswered(error: unknown, host: string, mask: Mask): TokenRequestError {
  const { neverConnected, code = "its error is the cause", cause } = readFailure(error, mask);
  const message = neverConnected
    ? `The token endpoint ${host} could not be reached (${code}).`
    : `The token request to ${host} broke off (${code}).`;
  return new TokenRequestError(neverConnected ? "not-sent" : "unknown", message, { cause });
}
