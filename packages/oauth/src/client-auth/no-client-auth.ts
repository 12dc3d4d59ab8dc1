import type { ClientAuth } from "oauth4webapi";

/** `none`: a public client says who it is by its client id in the body (RFC 6749 section 3.2.1) and proves nothing. */
export function noClientAuth(): ClientAuth {
  return function publicClient(_server, client, body) {
    body.set("client_id", client.client_id);
  };
}
