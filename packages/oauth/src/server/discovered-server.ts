import type { FetchFunction } from "../endpoint/answer.ts";
import type { LocatedServer, ServerLocator } from "./authorization-server.ts";
import { withDeadline } from "../endpoint/deadline.ts";

/**
 * A server whose metadata is fetched when the first token is wanted, once for everybody. A discovery that failed is repeated by the next
 * request. `timeout` is in milliseconds and covers the whole of it; nobody's signal ends it, because others may be waiting.
 */
export function discoveredServer(issuer: URL, fetch: FetchFunction, timeout: number): ServerLocator {
  let found: Promise<LocatedServer> | undefined;
  return {
    identity: ["issuer", issuer.href],
    locate() {
      found ??= withDeadline(timeout, undefined, (signal) => load(issuer, fetch, signal)).catch((error: unknown) => {
        found = undefined;
        throw error;
      });
      return found;
    },
  };
}

/** Only a client that knows no more than its issuer needs the discovery, and waits for an answer of the server's in any case. */
async function load(issuer: URL, fetch: FetchFunction, signal: AbortSignal): Promise<LocatedServer> {
  const { discover } = await import("./discovery.ts");
  return discover(issuer, fetch, signal);
}
