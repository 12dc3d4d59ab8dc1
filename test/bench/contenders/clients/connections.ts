import { Agent, setGlobalDispatcher } from "undici";

/** How many connections each client may open; what comes on top waits in the client. */
export const connections = 64;

/** Holds fetch, and all that is built on it, to the same number. */
export function limitFetch(): void {
  setGlobalDispatcher(new Agent({ connections }));
}
