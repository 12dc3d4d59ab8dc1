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
export function fixedServer(tokenEndpoint: URL, issuer: string = tokenEndpoint.href): ServerLocator {
  const { href } = tokenEndpoint;
  const metadata: LocatedServer = { issuer, token_endpoint: href };
  return {
    identity: ["token_endpoint", href],
    async locate() {
      return metadata;
    },
  };
}

/** The same server with some of its metadata known better. */
export function withMetadata(server: ServerLocator, known: Partial<AuthorizationServer>): ServerLocator {
  if (Object.keys(known).length === 0) return server;
  let merged: { from: LocatedServer; to: LocatedServer } | undefined;
  return {
    identity: server.identity,
    async locate() {
      const from = await server.locate();
      // One object for one server: oauth4webapi keeps its key set by it.
      if (merged?.from !== from) merged = { from, to: { ...from, ...known } };
      return merged.to;
    },
  };
}
