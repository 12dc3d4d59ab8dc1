import {
  InvalidOptionError,
  requireFunction,
  requireText,
  requireThat,
  throwIfAborted,
  TokenRequestError,
  waitFor,
  type TokenRequestOutcome,
} from "@tokenflight/core";
import type { ClientCredentials, ClientParts, CurrentCredentials, EndpointName, LocatedServer } from "../client-parts.ts";
import { within } from "./waiting.ts";
import { fetchUntil, readAnswer } from "./answer.ts";
import { isGrantOfAnother, isUnknownClient, unanswered, unauthenticated, type AskedEndpoint, type EndpointAnswer } from "./failure.ts";
import { createMask } from "./mask.ts";

/** Which endpoint is asked, and for how long. */
export interface Purpose {
  readonly endpoint: EndpointName;
  readonly signal: AbortSignal | undefined;
}

export interface EndpointRequest extends Purpose {
  /** Fields of the body that are no secret. */
  readonly fields: BodyFields;
  /** Fields of the body that nobody may see again. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Whether the client's id is a field of the body even when a header authenticates the client. */
  readonly namesClient: boolean;
}

/** A name may come more than once. */
export type BodyFields = readonly (readonly [name: string, value: string])[];

type CredentialSets = readonly [ClientCredentials, ...ClientCredentials[]];

/**
 * Sends a request with the client's authentication to one of the server's endpoints and reads the answer. It ends within the timeout and
 * with the signal, whatever the server, the client authentication or the fetch do. A redirect is not followed.
 *
 * Rejects with TokenRequestError, whose outcome tells whether the request can have reached the server, and with whatever `read` throws. When
 * that says that the server does not know the client, or that the grant is not this client's, the next set of credentials is tried.
 */
export function askEndpoint<Result>(
  client: ClientParts,
  request: EndpointRequest,
  read: (answer: EndpointAnswer) => Result,
): Promise<Result> {
  return within(client.timeout, request.signal, async (signal) => {
    const server = await locate(client, request, signal);
    const sets = await currentCredentials(client, request, signal);
    // The refusal of the grant to a client that the server knows. It counts when the server does not know the next client, which may be gone.
    let refusal: unknown;
    for (const [index, credentials] of sets.entries()) {
      try {
        return read(await attempt(client, request, server, credentials, signal));
      } catch (error) {
        const next = sets[index + 1];
        // Whatever else the answer says, this was the client that it was for.
        if (error instanceof TokenRequestError && error.refreshToken !== undefined) throw error;
        if (next !== undefined && isGrantOfAnother(error, credentials, next)) refusal ??= error;
        else if (next === undefined || !isUnknownClient(error)) throw isUnknownClient(error) ? (refusal ?? error) : error;
      }
    }
    throw new TypeError("There is always one set of credentials.");
  });
}

/** Finds the server. Rejects with TokenRequestError. */
export async function locate({ server, timeout }: ClientParts, purpose: Purpose, signal: AbortSignal): Promise<LocatedServer> {
  try {
    throwIfAborted(signal);
    return await waitFor(server.locate(), signal);
  } catch (error) {
    throw signal.aborted ? ended("not-sent", new URL(server.identity[1]).host, timeout, purpose) : error;
  }
}

/** Gives the credentials of this moment. Rejects with TokenRequestError. */
export async function currentCredentials(client: ClientParts, purpose: Purpose, signal: AbortSignal): Promise<CredentialSets> {
  const { server, credentials, timeout } = client;
  try {
    return await waitFor(readCredentials(credentials), signal);
  } catch (error) {
    if (signal.aborted) throw ended("not-sent", new URL(server.identity[1]).host, timeout, purpose);
    throw unauthenticated(error, titleOf(purpose));
  }
}

/** Calls the function and checks what it gives. Rejects with InvalidOptionError, or with what the function throws. */
export async function readCredentials(current: CurrentCredentials): Promise<CredentialSets> {
  const given = await current();
  const sets: readonly ClientCredentials[] = Array.isArray(given) ? (given as readonly ClientCredentials[]) : [given as ClientCredentials];
  for (const set of sets) {
    requireThat(typeof set === "object" && set !== null, "credentials", "client id and authentication", set);
    // Only the object's own fields count.
    const { clientId, clientAuth } = Object.assign<object, ClientCredentials>(Object.create(null), set);
    requireText("credentials.clientId", clientId);
    requireFunction("credentials.clientAuth", clientAuth);
  }
  const [first, ...others] = sets;
  if (first === undefined) throw new InvalidOptionError("credentials", "at least one set of credentials", "an empty array");
  return [first, ...others];
}

/** Sends the request once, with one set of credentials. */
async function attempt(
  client: ClientParts,
  request: EndpointRequest,
  server: LocatedServer,
  credentials: ClientCredentials,
  signal: AbortSignal,
): Promise<EndpointAnswer> {
  const { host, href } = server.endpoint(request.endpoint);
  const title = titleOf(request);
  const form = new URLSearchParams();
  for (const [name, value] of request.fields) form.append(name, value);
  if (request.namesClient) form.append("client_id", credentials.clientId);
  for (const [name, value] of Object.entries(request.secrets)) form.append(name, value);
  const headers = new Headers({ accept: "application/json" });
  try {
    await waitFor(authenticate(credentials, server, form, headers), signal);
    // The signal may have aborted meanwhile.
    throwIfAborted(signal);
  } catch (error) {
    throw signal.aborted ? ended("not-sent", host, client.timeout, request) : unauthenticated(error, title);
  }
  const isJson = client.requestFormat === "json" && request.endpoint === "token_endpoint";
  // RFC 6749 appendix B.
  headers.set("content-type", isJson ? "application/json" : "application/x-www-form-urlencoded;charset=UTF-8");
  const sent = Object.fromEntries(headers);
  const encoded = form.toString();
  const body = isJson ? jsonBody(form) : encoded;
  const open = new Set(request.fields.map(([name]) => name));
  // The mask is made only when a server or an error has said something that will be shown.
  const asked: AskedEndpoint = { title, host, mask: (text, shortest) => createMask(sent, encoded, open)(text, shortest) };
  try {
    const response = await fetchUntil(client.fetch, href, { method: "POST", headers: { ...sent }, body, redirect: "manual" }, signal);
    return { ...(await readAnswer(response, signal)), ...asked };
  } catch (error) {
    throw signal.aborted ? ended("unknown", host, client.timeout, request) : unanswered(error, asked);
  }
}

/** Makes a rejection of whatever the client authentication throws, at once or later. */
async function authenticate(
  { clientId, clientAuth }: ClientCredentials,
  { metadata }: LocatedServer,
  body: URLSearchParams,
  headers: Headers,
): Promise<void> {
  await clientAuth(metadata, { client_id: clientId }, body, headers);
}

/**
 * Writes the fields of a form as JSON, for servers that read no form. A field that comes more than once becomes an array. Only texts are given to
 * JSON.stringify, which would call a `toJSON` that an object or an array inherits.
 */
function jsonBody(form: URLSearchParams): string {
  const textOf = (values: readonly string[]): string => {
    const texts = values.map((value) => JSON.stringify(value)).join();
    return values.length === 1 ? texts : `[${texts}]`;
  };
  return `{${[...new Set(form.keys())].map((name) => `${JSON.stringify(name)}:${textOf(form.getAll(name))}`).join()}}`;
}

/** The error of a request that was ended before its answer. */
function ended(outcome: TokenRequestOutcome, host: string, timeout: number, purpose: Purpose): TokenRequestError {
  const why = purpose.signal?.aborted ? "was ended by its signal" : `was not answered within ${timeout} ms`;
  return new TokenRequestError(outcome, `The ${titleOf(purpose)} request to ${host} ${why}.`);
}

/** Names an endpoint in messages, such as "device authorization". */
function titleOf({ endpoint }: Purpose): string {
  return endpoint.replace(/(?:_request)?_endpoint$/, "").replaceAll("_", " ");
}
