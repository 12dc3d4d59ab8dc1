import { Agent, setGlobalDispatcher } from "undici";

let most = 64;

/** How many connections each client may open; what comes on top waits in the client. */
export function connections(): number {
  return most;
}

/** Holds every client that is set up from now on to the same number: fetch, and all that is built on it, and those that have agents of their own. */
export function limitConnections(to: number = most): void {
  most = to;
  setGlobalDispatcher(new Agent({ connections: to }));
}
