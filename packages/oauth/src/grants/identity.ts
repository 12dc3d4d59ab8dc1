import type { GrantParameters } from "./grant-parameters.ts";
import type { TokenEndpointParts } from "../endpoint/token-request.ts";

/** The canonical form of what makes one grant's tokens different from another's. It holds no secret. */
export function identify({ server, clientId }: TokenEndpointParts, grant: string, { canonical }: GrantParameters): string {
  return JSON.stringify([...server.identity, clientId, grant, ...canonical]);
}
