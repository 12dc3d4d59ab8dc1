import { InvalidOptionError, kindOf, requireFunction } from "@tokenflight/core";
import { ownField } from "../own-fields.ts";
import type { OAuthClientOptions } from "./client-options.ts";

/** Requires a client authentication, or the credentials that have one each time. Throws InvalidOptionError. */
export function requireClientAuth({ clientAuth, credentials }: OAuthClientOptions): void {
  if (credentials !== undefined) {
    if (clientAuth !== undefined) throw new InvalidOptionError("clientAuth, credentials", "one of them", "both");
    requireFunction("credentials", credentials);
  } else if (typeof clientAuth !== "function") {
    const expected = "a client authentication: use clientSecretBasic(secret), or noClientAuth() for a public client";
    // Of a secret in its place not even the length is shown.
    throw new InvalidOptionError("clientAuth", expected, typeof clientAuth === "string" ? "a string" : kindOf(clientAuth));
  }
}

/** Refuses what other libraries call a secret. Throws InvalidOptionError, which does not show it. */
export function refuseSecrets(options: unknown): void {
  for (const name of ["clientSecret", "client_secret", "secret"]) {
    if (ownField(options, name) === undefined) continue;
    throw new InvalidOptionError(`createOAuthClient.${name}`, "clientAuth: use clientSecretBasic(secret)", "an unknown option");
  }
}
