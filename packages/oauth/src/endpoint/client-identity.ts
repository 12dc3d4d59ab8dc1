import { InvalidOptionError, kindOf, requireFunction, requireText } from "@tokenflight/core";
import type { ClientAuth } from "oauth4webapi";

/** What a client shows who it is with. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientAuth: ClientAuth;
}

/**
 * Gives the credentials of this moment, once for each request, so that they can change while running. Of several the first is used; the
 * next one is tried when the server does not know the client by it (`invalid_client`), as after a rotation that has not reached it yet, and
 * when the grant is another client's (`invalid_grant`), as that of a user who logged in before a rotation that changed the client's id.
 */
export type CurrentCredentials = () =>
  | ClientCredentials
  | readonly ClientCredentials[]
  | Promise<ClientCredentials | readonly ClientCredentials[]>;

/** Calls the function and checks what it gives. Rejects with InvalidOptionError, or with what the function throws. */
export async function readCredentials(current: CurrentCredentials): Promise<readonly [ClientCredentials, ...ClientCredentials[]]> {
  const given = await current();
  const sets: readonly ClientCredentials[] = Array.isArray(given) ? (given as readonly ClientCredentials[]) : [given as ClientCredentials];
  for (const set of sets) {
    if (typeof set !== "object" || set === null) throw new InvalidOptionError("credentials", "client id and authentication", kindOf(set));
    requireText("credentials.clientId", set.clientId);
    requireFunction("credentials.clientAuth", set.clientAuth);
  }
  const [first, ...others] = sets;
  if (first === undefined) throw new InvalidOptionError("credentials", "at least one set of credentials", "an empty array");
  return [first, ...others];
}
