import { TokenflightError, waitFor } from "@tokenflight/core";
import type { AuthorizationServer, EndpointRules, FetchFunction, LocatedServer, ServerLocator } from "../client-parts.ts";
import { within } from "../endpoint/waiting.ts";
import { locatedServer } from "./authorization-server.ts";

export interface DiscoveryOptions {
  /** Metadata that replaces the issuer's own. */
  readonly known: Partial<AuthorizationServer>;
  readonly fetch: FetchFunction;
  /** Milliseconds for the whole discovery. */
  readonly timeout: number;
  readonly rules: EndpointRules;
}

/**
 * A server whose metadata is fetched when the first token is wanted, once for all callers. A discovery that failed is repeated by the next
 * request. No caller's signal ends it, because others may wait for it.
 */
export function discoveredServer(issuer: URL, { known, fetch, timeout, rules }: DiscoveryOptions): ServerLocator {
  let found: LocatedServer | undefined;
  let finding: Promise<LocatedServer> | undefined;
  const find = async (signal: AbortSignal): Promise<LocatedServer> => {
    // It is loaded late: only a client that knows no more than its issuer needs it, and waits for an answer of the server's in any case.
    const { discover } = await import("./discovery.ts");
    return (found = locatedServer({ ...(await discover(issuer, fetch, signal, rules.isTrusted)), ...known }, rules));
  };
  return {
    identity: ["issuer", issuer.href],
    async locate() {
      for (;;) {
        if (found !== undefined) return found;
        const joined = finding;
        const own = (finding ??= within(timeout, undefined, find));
        try {
          // Each caller has a deadline of its own: in workerd, a discovery ends without a word when the request that began it is over.
          return await within(timeout, undefined, (signal) => waitFor(own, signal));
        } catch (error) {
          if (finding === own) finding = undefined;
          if (joined === undefined || TokenflightError.is(error)) throw error;
        }
      }
    },
  };
}
