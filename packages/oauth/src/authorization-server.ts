import type { AuthorizationServer } from "oauth4webapi";

/** Who gives the tokens. */
export interface ServerLocator {
  /** Tells one server from another: part of every source's identity. */
  readonly identity: readonly [kind: "issuer" | "token_endpoint", url: string];
  /** Resolves to metadata with a `token_endpoint` that may be sent credentials. Throws TokenRequestError; no token request was sent. */
  locate(): Promise<LocatedServer>;
}

export type LocatedServer = AuthorizationServer & { readonly token_endpoint: string };

/**
 * A server of which only the token endpoint is known. The endpoint stands in for the issuer, because it is the audience that such a
 * server expects in a client assertion (RFC 7523 section 3).
 */
export function fixedServer(tokenEndpoint: URL): ServerLocator {
  const { href } = tokenEndpoint;
  return {
    identity: ["token_endpoint", href],
    async locate() {
      return { issuer: href, token_endpoint: href };
    },
  };
}
