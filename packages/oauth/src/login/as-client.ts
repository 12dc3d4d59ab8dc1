import type { ClientParts } from "../client-parts.ts";
import { readCredentials } from "../endpoint/endpoint-request.ts";

/**
 * The client, for the requests of one login. A login belongs to the client id that it began with, even when the credentials have another one by now, or
 * several.
 */
export function asClient(client: ClientParts, clientId: string): ClientParts {
  return {
    ...client,
    async credentials() {
      const sets = await readCredentials(client.credentials);
      const own = sets.filter((set) => set.clientId === clientId);
      return own.length === 0 ? sets : own;
    },
  };
}
