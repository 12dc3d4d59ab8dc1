import { canSendAgain, drain, hasOwn, keepBody, readerOf, responseField, type NamedTokenCache } from "@tokenflight/core";
import { membersOf, readableHeaders } from "@tokenflight/core/fetch";
import { readRefusal } from "../discovery/challenge.ts";
import { answerRefusal, isLoginRequired, type Outcome, type RefusalParts } from "./answer-refusal.ts";
import type { ServerParts } from "./server-parts.ts";

/** A fetch function, for the transports of MCP clients. */
export type McpFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** How often one request is sent again: after a login, and after another process's, which may come in between. */
const mostReplays = 3;

/** Gives the request once more. */
type Again = () => [input: string | URL | Request, init: RequestInit | undefined];

export interface FetchParts extends RefusalParts {
  /** Sends with a token where there is one, and without where nobody is logged in. */
  readonly withToken: McpFetch;
  /** Sends without. */
  readonly bare: McpFetch;
  /** What becomes of the error of a login for a request that was refused. Undefined: it is thrown. */
  readonly failed: ((error: unknown, refusal: Response) => Response) | undefined;
}

/** Sends requests to one MCP server, and obtains what it wants of them: tokens, a login, more scope. */
export function createServerFetch(parts: FetchParts): McpFetch {
  const { server, tokens, login } = parts;
  return async (input, given) => {
    const init = given === undefined ? undefined : readInit(given);
    const signal = signalOf(input, init);
    const again = keep(input, init);
    let used = tokens.peek();
    login.saw(used);
    // Before the server was heard of, only its refusal says where tokens come from and what for.
    const isFirst = used === undefined && server.grant !== undefined && !server.discovery.hasHeard && !(await hasTokens(tokens));
    let response = await (isFirst ? parts.bare(input, init) : sendWithToken(parts, input, init, again));
    for (let left = mostReplays; left > 0; left -= 1) {
      const challenge = readRefusal(response);
      if (challenge === undefined || !isOfServer(server, input, init, response)) return response;
      let outcome: Outcome;
      try {
        outcome = await answerRefusal(parts, challenge, used, signal);
      } catch (error) {
        if (signal?.aborted) throw error;
        return failed(parts, error, response);
      }
      // What can be read once only was sent: the next request has what this one lacked.
      if (outcome === "as-is" || again === undefined) return response;
      await discard(response);
      used = tokens.peek();
      response = await sendWithToken(parts, ...again(), again);
    }
    return response;
  };
}

/** A session that is over, while its last token looks good, has the request sent without: the server's refusal says what it wants. */
async function sendWithToken(
  { withToken, bare }: FetchParts,
  input: string | URL | Request,
  init: RequestInit | undefined,
  again: Again | undefined,
): Promise<Response> {
  try {
    return await withToken(input, init);
  } catch (error) {
    if (again === undefined || !isLoginRequired(error)) throw error;
    return bare(...again());
  }
}

/** Whether there are tokens, perhaps from before this process began. */
async function hasTokens(tokens: NamedTokenCache): Promise<boolean> {
  await tokens.reread().catch(() => {});
  return tokens.status().expiresAt !== undefined || tokens.peek() !== undefined;
}

/** Throws the error of a login, unless the caller is to get the refusal in its place. */
function failed({ server, failed: told }: FetchParts, error: unknown, refusal: Response): Response {
  if (server.unauthorized === "response" && isLoginRequired(error)) return refusal;
  if (told !== undefined && refusal.status === 401) return told(error, refusal);
  discard(refusal).catch(() => {});
  throw error;
}

/** Whether a refusal is the answer of this server to a request that has no credentials of the caller's own. */
function isOfServer({ url }: ServerParts, input: string | URL | Request, init: RequestInit | undefined, response: Response): boolean {
  const asked = isRequest(input) ? input.url : String(input);
  if (!isAtOrigin(asked, url) || (response.redirected && !isAtOrigin(response.url, url))) return false;
  const headers = init?.headers ?? (isRequest(input) ? input.headers : undefined);
  return headers === undefined || !new Headers(headers).has("authorization");
}

function isAtOrigin(asked: string, { origin }: URL): boolean {
  const parsed = URL.canParse(asked) ? new URL(asked) : undefined;
  return parsed?.origin === origin;
}

/** What sends the request once more as it is now, whatever the caller does with its objects; undefined where it cannot be sent twice. */
function keep(
  input: string | URL | Request,
  init: RequestInit | undefined,
): (() => [string | URL | Request, RequestInit | undefined]) | undefined {
  if (isRequest(input) && input.body !== null && init?.body == null) {
    if (input.bodyUsed) return undefined;
    const spare = input.clone();
    return () => [spare.clone(), init];
  }
  if (!canSendAgain(init?.body)) return undefined;
  if (init === undefined) return () => [input, undefined];
  const kept = { ...init };
  if (init.headers !== undefined) kept.headers = new Headers(init.headers);
  if (typeof init.body === "object" && init.body !== null) kept.body = keepBody(init.body);
  return () => [input, kept];
}

/** An init whose members are its own, with headers that can be read for each attempt. */
function readInit(given: RequestInit): RequestInit {
  const init = membersOf(given);
  if (init.headers != null) init.headers = readableHeaders(init.headers) as NonNullable<RequestInit["headers"]>;
  return init;
}

/** Null takes away the signal of a Request. */
function signalOf(input: string | URL | Request, init: RequestInit | undefined): AbortSignal | undefined {
  const given = init !== undefined && hasOwn(init, "signal") ? init.signal : undefined;
  return given === undefined && isRequest(input) ? input.signal : (given ?? undefined);
}

function isRequest(input: string | URL | Request): input is Request {
  return Object.prototype.toString.call(input) === "[object Request]";
}

/** Nobody reads the body of a refusal whose request is sent again. */
async function discard({ body, headers }: Response): Promise<void> {
  const reader = readerOf(body);
  if (reader !== undefined) await drain(reader, responseField(headers, "content-length"));
}
