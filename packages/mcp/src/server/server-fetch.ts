import {
  canSendAgain,
  drain,
  keepBody,
  readerOf,
  TokenflightError,
  TokenRequestError,
  type NamedTokenCache,
  type TokenSet,
} from "@tokenflight/core";
import { bindingOf, covers } from "../binding.ts";
import { readRefusal, unionOf, type McpChallenge } from "../discovery/challenge.ts";
import { McpServerError } from "../errors.ts";
import { clientAt } from "./grant-source.ts";
import type { ServerLogin } from "./server-login.ts";
import { asking, type ServerParts } from "./server-parts.ts";

/** A fetch function, for the transports of MCP clients. */
export type McpFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** How often one request is sent again: after a login, and after another process's, which may come in between. */
const mostReplays = 3;

/** What a refusal was answered with: the request is sent again, or its caller gets the refusal. */
type Outcome = "again" | "as-is";

/** Gives the request once more. */
type Again = () => [input: string | URL | Request, init: RequestInit | undefined];

export interface FetchParts {
  readonly server: ServerParts;
  readonly tokens: NamedTokenCache;
  readonly login: ServerLogin;
  /** Scopes that requests were refused for want of, where no person is asked. */
  readonly wanted: { scopes: readonly string[] };
  /** Sends with a token where there is one, and without where nobody is logged in. */
  readonly withToken: McpFetch;
  /** Sends without. */
  readonly bare: McpFetch;
  /** What becomes of the error of a login for a request that was refused. Default: it is thrown. */
  readonly failed?: ((error: unknown, refusal: Response) => Response) | undefined;
}

/** Sends requests to one MCP server, and obtains what it wants of them: tokens, a login, more scope. */
export function createServerFetch(parts: FetchParts): McpFetch {
  const { server, tokens, login } = parts;
  return async (input, init) => {
    const { signal = isRequest(input) ? input.signal : undefined } = init ?? {};
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
        outcome = await answerRefusal(parts, challenge, used, signal ?? undefined);
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

function isLoginRequired(error: unknown): boolean {
  return TokenflightError.is(error) && error.code === "ERR_LOGIN_REQUIRED";
}

/** Whether there are tokens, perhaps from before this process began. */
async function hasTokens(tokens: NamedTokenCache): Promise<boolean> {
  await tokens.reread().catch(() => {});
  return tokens.status().expiresAt !== undefined || tokens.peek() !== undefined;
}

/** Obtains what a refused request lacked. Rejects with the errors of logins. */
export async function answerRefusal(
  parts: FetchParts,
  challenge: McpChallenge,
  used: TokenSet | undefined,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const { server, tokens, login } = parts;
  const { scopes } = challenge;
  server.discovery.hear(challenge);
  // Another process may have logged in, or have been given more, since this request was sent.
  const current = await tokens.reread();
  login.saw(current);
  const isAnother = current !== undefined && current.accessToken !== used?.accessToken;
  if (isAnother && covers(current, scopes)) return "again";
  if (server.grant !== undefined) return answerWithGrant(parts, challenge, current, signal);
  if (current === undefined) return answerWithoutToken(parts, challenge, used, signal);
  if (!covers(current, scopes)) {
    await login.obtain({ scopes }, signal);
    return "again";
  }
  // All that a login for this can give was given already, and is not enough.
  if (challenge.needsScope) return "as-is";
  return answerToNewToken(parts, current, signal);
}

/** There is no token that may be sent: it has expired meanwhile, it was refused and could not be renewed, or nobody is logged in. */
async function answerWithoutToken(
  { tokens, login }: FetchParts,
  { scopes }: McpChallenge,
  used: TokenSet | undefined,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  try {
    const { accessToken } = await tokens.get({ signal });
    return accessToken === used?.accessToken ? "as-is" : "again";
  } catch (error) {
    if (signal?.aborted) throw error;
    // A token endpoint that is away sends nobody to a browser: the refusal is all that is known.
    if (!isLoginRequired(error) && used !== undefined) return "as-is";
    if (!isLoginRequired(error)) throw error;
  }
  await login.obtain({ scopes }, signal);
  return "again";
}

/** A token that is as new as can be was refused: the server may belong to another authorization server by now. Each token is looked at once. */
async function answerToNewToken(parts: FetchParts, current: TokenSet, signal: AbortSignal | undefined): Promise<Outcome> {
  const { server, login } = parts;
  const issuer = await issuerNow(parts, current, signal);
  if (issuer === undefined) return "as-is";
  const isOver = (tokenSet: TokenSet): boolean => bindingOf(tokenSet)?.issuer !== issuer;
  server.observe({ type: "issuer-changed", from: bindingOf(current)?.issuer ?? "", to: issuer }, server.url);
  await login.obtain({ scopes: [], isOver }, signal);
  return "again";
}

/** The issuer that the server names now; undefined where that is the one that the tokens are from, and where nobody looks again. */
async function issuerNow({ server, login }: FetchParts, current: TokenSet, signal: AbortSignal | undefined): Promise<string | undefined> {
  if (!login.isNewlyRefused(current)) return undefined;
  server.discovery.forget();
  const { metadata } = await server.discovery.known(asking(server, signal ?? AbortSignal.timeout(server.timeout)));
  return bindingOf(current)?.issuer === metadata.issuer ? undefined : metadata.issuer;
}

/** No person is asked: another token is, where it may be another one. */
async function answerWithGrant(
  parts: FetchParts,
  { scopes }: McpChallenge,
  current: TokenSet | undefined,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const { server, tokens, wanted } = parts;
  // What is wrong with the server is told as it is, and not as the failure of a token request.
  await clientAt(server, bindingOf(current), signal ?? AbortSignal.timeout(server.timeout));
  const isEnough = current !== undefined && covers(current, scopes);
  if (isEnough && (await issuerNow(parts, current, signal)) === undefined) return "as-is";
  try {
    wanted.scopes = unionOf(wanted.scopes, scopes);
    await (current === undefined ? tokens.get({ signal }) : tokens.renew(current, { signal }));
    return "again";
  } catch (error) {
    throw error instanceof TokenRequestError && error.cause instanceof McpServerError ? error.cause : error;
  }
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

function isRequest(input: string | URL | Request): input is Request {
  return Object.prototype.toString.call(input) === "[object Request]";
}

/** Nobody reads the body of a refusal whose request is sent again. */
async function discard({ body, headers }: Response): Promise<void> {
  const reader = readerOf(body);
  if (reader !== undefined) await drain(reader, headers.get("content-length"));
}
