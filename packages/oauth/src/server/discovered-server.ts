import { systemClock, withDeadline } from "@tokenflight/core";
import type { AuthorizationServer } from "oauth4webapi";
import type { FetchFunction, LocatedServer, ServerLocator } from "../client-parts.ts";
import { locatedServer } from "./authorization-server.ts";

export interface DiscoveryOptions {
  /** Metadata that replaces the issuer's own. */
  readonly known: Partial<AuthorizationServer>;
  readonly fetch: FetchFunction;
  /** Milliseconds for the whole discovery. */
  readonly timeout: number;
}

/**
 * A server whose metadata is fetched when the first token is wanted, once for all callers. A discovery that failed is repeated by the next
 * request. No caller's signal ends it, because others may wait for it.
 */
export function discoveredServer(issuer: URL, { known, fetch, timeout }: DiscoveryOptions): ServerLocator {
  let found: Promise<LocatedServer> | undefined;
  const find = async (signal: AbortSignal): Promise<LocatedServer> => {
    // It is loaded late: only a client that knows no more than its issuer needs it, and waits for an answer of the server's in any case.
    const { discover } = await import("./discovery.ts");
    return locatedServer({ ...(await discover(issuer, fetch, signal)), ...known });
  };
  return {
    identity: ["issuer", issuer.href],
    locate() {
      found ??= withDeadline(systemClock, timeout, undefined, find).catch((error: unknown) => {
        found = undefined;
        throw error;
      });
      return found;
    },
  };
}
