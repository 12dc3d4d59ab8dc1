import { requireText } from "@tokenflight/core";
import type { ClientAuth } from "oauth4webapi";

/** `client_secret_post`: client id and secret as fields of the request's body (RFC 6749 section 2.3.1). Throws InvalidOptionError. */
export function clientSecretPost(secret: string): ClientAuth {
  requireText("clientSecretPost.secret", secret);
  return function clientSecretPostAuth(_server, client, body) {
    body.set("client_id", client.client_id);
    body.set("client_secret", secret);
  };
}
