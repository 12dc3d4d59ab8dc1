import type { TokenSet } from "@tokenflight/core";
import type { McpFetch } from "./server-fetch.ts";

/** What the transports of SDK 2 (`@modelcontextprotocol/client`) take as `authProvider`, in types of our own. */
export interface McpAuthProvider {
  token(): Promise<string | undefined>;
  onUnauthorized?(context: { readonly response: Response }): Promise<void>;
}

/** Options for a transport of either SDK. */
export interface McpTransportOptions {
  /** Sends the transport's requests with a token. */
  readonly fetch: McpFetch;
}

/** The errors of logins, by the refusals that their requests got. */
export class FailedLogins {
  readonly #errors = new WeakMap<Response, unknown>();

  /** The caller gets the refusal, and asks for the error then. */
  readonly note = (error: unknown, refusal: Response): Response => {
    this.#errors.set(refusal, error);
    return refusal;
  };

  /**
   * For `fetch` beneath, which has done all that can be done: SDK 2 hands on what is thrown here as it is, and wraps what a fetch function throws while it finds out
   * about the server's version.
   */
  readonly authProvider: McpAuthProvider = {
    // It is put on by the fetch function.
    token: async () => undefined,
    onUnauthorized: async ({ response }) => {
      const error = this.#errors.get(response);
      if (error !== undefined) throw error;
    },
  };
}

/** For a host of SDK 2 that takes no fetch function: it puts the token on itself, and tells of a refusal. */
export function standaloneProvider(
  current: () => Promise<TokenSet | undefined>,
  refused: (response: Response, used: TokenSet | undefined) => Promise<void>,
): McpAuthProvider {
  /** The one that the last request had. Which request was refused, nobody says. */
  let used: TokenSet | undefined;
  return {
    async token() {
      used = await current();
      return used?.accessToken;
    },
    onUnauthorized: ({ response }) => refused(response, used),
  };
}
