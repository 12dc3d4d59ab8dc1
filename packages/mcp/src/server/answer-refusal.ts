import { TokenflightError, TokenRequestError, type NamedTokenCache, type TokenSet } from "@tokenflight/core";
import { bindingOf, covers } from "../binding.ts";
import type { McpChallenge } from "../discovery/challenge.ts";
import { McpServerError } from "../errors.ts";
import { clientAt } from "./grant-source.ts";
import { needOf, type ServerLogin } from "./server-login.ts";
import { asking, type ServerParts } from "./server-parts.ts";
import type { WantedScopes } from "./wanted-scopes.ts";

/** What a refusal was answered with: the request is sent again, or its caller gets the refusal. */
export type Outcome = "again" | "as-is";

export interface RefusalParts {
  readonly server: ServerParts;
  readonly tokens: NamedTokenCache;
  readonly login: ServerLogin;
  /** Where no person is asked. */
  readonly wanted: WantedScopes;
}

/** Obtains what a refused request lacked. Rejects with the errors of logins. */
export async function answerRefusal(
  parts: RefusalParts,
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
    await login.obtain(needOf(scopes), signal);
    return "again";
  }
  // All that a login for this can give was given already, and is not enough.
  if (challenge.needsScope) return "as-is";
  return answerToNewToken(parts, current, signal);
}

/** There is no token that may be sent: it has expired meanwhile, it was refused and could not be renewed, or nobody is logged in. */
async function answerWithoutToken(
  { tokens, login }: RefusalParts,
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
  await login.obtain(needOf(scopes), signal);
  return "again";
}

/** A token that is as new as can be was refused: the server may belong to another authorization server by now. Each token is looked at once. */
async function answerToNewToken(parts: RefusalParts, current: TokenSet, signal: AbortSignal | undefined): Promise<Outcome> {
  const { server, login } = parts;
  const issuer = await issuerNow(parts, current, signal);
  if (issuer === undefined) return "as-is";
  const isOver = (tokenSet: TokenSet): boolean => bindingOf(tokenSet)?.issuer !== issuer;
  server.observe({ type: "issuer-changed", from: bindingOf(current)?.issuer ?? "", to: issuer }, server.url);
  await login.obtain(needOf([], isOver), signal);
  return "again";
}

/** The issuer that the server names now; undefined where that is the one that the tokens are from, and where nobody looks again. */
async function issuerNow({ server, login }: RefusalParts, current: TokenSet, signal: AbortSignal | undefined): Promise<string | undefined> {
  if (!login.isNewlyRefused(current)) return undefined;
  server.discovery.forget();
  const { metadata } = await server.discovery.known(asking(server, signal));
  return bindingOf(current)?.issuer === metadata.issuer ? undefined : metadata.issuer;
}

/** No person is asked: another token is, where it may be another one. */
async function answerWithGrant(
  parts: RefusalParts,
  { scopes }: McpChallenge,
  current: TokenSet | undefined,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const { server, tokens, wanted } = parts;
  // What is wrong with the server is told as it is, and not as the failure of a token request.
  await clientAt(server, bindingOf(current), signal);
  const isEnough = current !== undefined && covers(current, scopes);
  if (isEnough && (await issuerNow(parts, current, signal)) === undefined) return "as-is";
  try {
    await wanted.obtain(tokens, scopes, current, signal);
    return "again";
  } catch (error) {
    throw error instanceof TokenRequestError && error.cause instanceof McpServerError ? error.cause : error;
  }
}

export function isLoginRequired(error: unknown): boolean {
  return TokenflightError.is(error) && error.code === "ERR_LOGIN_REQUIRED";
}
