/** A program on its user's machine: without a secret, and with a redirect URI of whatever port. */
export const nativeClient = {
  clientId: "tool",
  clientSecret: "unused",
  redirectUri: "http://127.0.0.1/callback",
  metadata: { application_type: "native", token_endpoint_auth_method: "none", client_secret: undefined },
} as const;
