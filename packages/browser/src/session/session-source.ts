import {
  LoginRequiredError,
  randomId,
  readOptions,
  requireFunction,
  responseField,
  TokenRequestError,
  type AuthorizationScheme,
  type HeaderFields,
  type SourceContext,
  type TokenResponse,
  type TokenSource,
} from "@tokenflight/core";

/** The options of `sessionSource`. */
export interface SessionSourceOptions {
  /**
   * Sends the request that renews the session, with its cookies: such as `() => fetch("/refresh", { method: "POST", redirect: "manual" })`. Without
   * `redirect: "manual"`, a redirect to a login page of another origin is an error of the network, which ends no session.
   */
  refresh: (context: { signal: AbortSignal }) => Promise<Response>;
  /** Header fields for each request, such as one against CSRF. Default: none. */
  fields?: (() => HeaderFields) | undefined;
  /** Seconds until the session has to be renewed again, read from the answer. Default: nobody knows, and a refused request renews it. */
  expiresIn?: ((response: Response) => number | undefined | Promise<number | undefined>) | undefined;
}

/** A token source for sessions of which a page sees no token. */
export interface SessionSource extends TokenSource {
  /** For the option `scheme` of an adapter: puts no token on a request, and what `fields` gives. */
  readonly scheme: AuthorizationScheme;
  /** For `save` of a token cache after a login, and for `seed` when a page begins: a session that is taken for good until a request is refused. */
  tokens(): TokenResponse;
}

/** These say that the session is over, as a redirect to a login page does. */
const refusals = new Set([400, 401, 403]);

/**
 * Renews a session that a backend keeps in cookies, where no script reads them: one renewal for all requests that were refused, and for all tabs with a
 * store. A page that has just begun takes its session for good, and asks nothing until a request is refused.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const session = sessionSource({ refresh: ({ signal }) => fetch("/refresh", { method: "POST", redirect: "manual", signal }) });
 * const tokens = createTokenCache({ source: session, store: indexedDbStore({ name: "my-app" }), key: "session" });
 * ```
 */
export function sessionSource(options: SessionSourceOptions): SessionSource {
  const {
    refresh,
    fields = () => ({}),
    expiresIn = () => undefined,
  } = readOptions("sessionSource", options, ["refresh", "fields", "expiresIn"]);
  requireFunction("sessionSource.refresh", refresh);
  requireFunction("sessionSource.fields", fields);
  requireFunction("sessionSource.expiresIn", expiresIn);
  let hasBegun = false;

  /** Stands for the session as it is now: each renewal is another one. */
  const tokens = (): TokenResponse => {
    hasBegun = true;
    return { access_token: `session-${randomId()}` };
  };

  async function source({ previous, signal }: SourceContext): Promise<TokenResponse> {
    if (previous === undefined && !hasBegun) return tokens();
    if (previous === undefined) throw new LoginRequiredError("The session was ended: a login is required.");
    const response = await refresh({ signal });
    try {
      requireSession(response);
      return { ...tokens(), expires_in: await expiresIn(response) };
    } finally {
      // Nobody reads what else the answer says.
      response.body?.cancel().catch(() => {});
    }
  }

  return Object.assign(source, {
    identity: "session",
    // The cookies are the browser's, and a request that is sent twice finds the newest ones.
    spendsRefreshToken: false,
    scheme: () => fields(),
    tokens,
  });
}

/** Throws LoginRequiredError and TokenRequestError for an answer that has not renewed the session. */
function requireSession({ ok, status, redirected, type, headers }: Response): void {
  if (refusals.has(status) || redirected || type === "opaqueredirect")
    throw new LoginRequiredError(`The session could not be renewed (status ${status}): a login is required.`);
  if (ok) return;
  const isThrottled = status === 429 || status === 503;
  const seconds = Number(responseField(headers, "retry-after") ?? Number.NaN);
  throw new TokenRequestError(
    isThrottled ? "throttled" : status < 500 ? "refused" : "unknown",
    `The session was not renewed (status ${status}).`,
    {
      status,
      ...(isThrottled && Number.isFinite(seconds) && { retryAfter: seconds * 1000 }),
    },
  );
}
