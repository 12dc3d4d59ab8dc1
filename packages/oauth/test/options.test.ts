import { expect, it } from "vitest";
import { InvalidOptionError } from "@tokenflight/core";
import { createOAuthClient, noClientAuth, type OAuthClientOptions } from "@tokenflight/oauth";

const good = { tokenEndpoint: "https://auth.example.com/oauth/token", clientId: "id", clientAuth: noClientAuth() };

it.each([
  ["an unknown option", { tokenEndPoint: "x" }, /tokenEndPoint: expected one of tokenEndpoint, issuer/],
  ["no client id", { clientId: undefined }, /^clientId: expected a string that is not empty, got nothing/],
  ["an empty client id", { clientId: "" }, /^clientId: expected a string that is not empty, got an empty string/],
  [
    "no client authentication",
    { clientAuth: undefined },
    /^clientAuth: expected a client authentication: use clientSecretBasic\(secret\), .* got nothing/,
  ],
  [
    "a secret in place of the client authentication",
    { clientAuth: "canary" },
    /^clientAuth: expected a client authentication: use clientSecretBasic\(secret\), .* got a string\.$/,
  ],
  ["an object with a secret", { clientAuth: { clientSecret: "canary" } }, /use clientSecretBasic\(secret\), .* got an object/],
  [
    "a secret of its own",
    { clientSecret: "canary" },
    /^createOAuthClient\.clientSecret: expected clientAuth: use clientSecretBasic\(secret\)/,
  ],
  ["a secret under its name in a request", { client_secret: "canary" }, /client_secret: .* use clientSecretBasic\(secret\)/],
  ["another library's name for an option", { client_id: "x" }, /client_id: .* \(did you mean clientId\?\)/],
  ["a timeout in milliseconds", { timeout: 10_000 }, /^timeout: expected at most 600 seconds, got 10000 \(in seconds\?\)/],
  ["a grace time in milliseconds", { refreshTokenGrace: 600_000 }, /^refreshTokenGrace: .* \(in seconds\?\)/],
  ["both places", { issuer: "https://auth.example.com" }, /^tokenEndpoint, issuer: expected one of them, got both/],
  ["neither place", { tokenEndpoint: undefined }, /^tokenEndpoint, issuer: expected one of them, got neither/],
  ["a path", { tokenEndpoint: "/oauth/token" }, /^tokenEndpoint: expected a URL/],
  ["http", { tokenEndpoint: "http://auth.example.com/oauth/token" }, /^tokenEndpoint: expected an https URL/],
  ["http to a host that only looks local", { tokenEndpoint: "http://localhost.example.com/" }, /^tokenEndpoint: expected an https URL/],
  ["another scheme", { tokenEndpoint: "ftp://127.0.0.1/" }, /^tokenEndpoint: expected an https URL/],
  ["an http issuer", { tokenEndpoint: undefined, issuer: "http://auth.example.com" }, /^issuer: expected an https URL/],
  [
    "an issuer with a query",
    { tokenEndpoint: undefined, issuer: "https://auth.example.com/?a" },
    /^issuer: expected a URL without a query/,
  ],
  ["a fragment", { tokenEndpoint: "https://auth.example.com/#a" }, /^tokenEndpoint: expected a URL without a fragment/],
  [
    "credentials in the URL",
    { tokenEndpoint: "https://user:canary@auth.example.com/" },
    /^tokenEndpoint: expected a URL without credentials/,
  ],
  ["a negative timeout", { timeout: -1 }, /^timeout: expected a number of seconds above zero, got -1/],
  ["a timeout of zero", { timeout: 0 }, /^timeout: expected a number of seconds above zero, got 0/],
  ["a timeout that never ends", { timeout: Number.POSITIVE_INFINITY }, /^timeout/],
  ["a fetch that is none", { fetch: {} }, /^fetch: expected a function, got an object/],
  ["a token type in place of a list", { tokenTypes: "JWT" }, /^tokenTypes: expected an array/],
  ["an error code that is none", { loginRequiredErrors: [1] }, /^loginRequiredErrors: expected a string/],
])("createOAuthClient refuses %s", (_, wrong, message) => {
  const create = (): unknown => createOAuthClient({ ...good, ...wrong } as OAuthClientOptions);
  expect(create).toThrow(InvalidOptionError);
  expect(create).toThrow(message);
  expect(create).not.toThrow(/canary/);
});

it.each(["http://localhost:1/", "http://127.0.0.1/", "http://127.3.2.1:8080/t?x=1", "http://[::1]/", "https://auth.example.com/t?x=1"])(
  "takes %s",
  (tokenEndpoint) => {
    expect(() => createOAuthClient({ ...good, tokenEndpoint })).not.toThrow();
  },
);

it.each<[string, object, RegExp]>([
  ["an unknown option", { scopes: "a" }, /clientCredentials\.scopes: expected one of scope, resource, audience, parameters/],
  ["an empty scope", { scope: " " }, /scope: expected at least one scope/],
  ["no scope in a list", { scope: [] }, /scope: expected at least one scope/],
  ["a scope with a line break", { scope: "a\nb" }, /scope: expected scopes of visible ASCII/],
  ["two scopes in one", { scope: ["a b"] }, /scope: expected scopes of visible ASCII/],
  ["a scope that is no text", { scope: [1] }, /scope: expected a string/],
  ["a resource without a scheme", { resource: "api.example.com" }, /resource: expected an absolute URI/],
  ["a resource with a fragment", { resource: "https://api.example.com/#a" }, /resource: expected an absolute URI/],
  ["an empty audience", { audience: "" }, /audience: expected a string that is not empty/],
  ["a parameter that is no text", { parameters: { a: 1 } }, /parameters\.a: expected a string, got 1/],
  ["parameters that are none", { parameters: "a=b" }, /parameters: expected an object of strings/],
  ...["grant_type", "client_id", "client_secret", "client_assertion", "refresh_token", "code", "scope", "resource", "audience"].map(
    (name): [string, object, RegExp] => [
      `the parameter ${name}`,
      { parameters: { [name]: "canary" } },
      /expected a parameter that is not set elsewhere/,
    ],
  ),
])("a grant refuses %s", (_, wrong, message) => {
  const client = createOAuthClient(good);
  for (const grant of [() => client.clientCredentials(wrong), () => client.refreshToken(wrong)]) {
    expect(grant).toThrow(InvalidOptionError);
    expect(grant).not.toThrow(/canary/);
  }
  expect(() => client.clientCredentials(wrong)).toThrow(message);
});

it("reads only properties of the options' own", () => {
  const inherited = Object.create({ timeout: -1, issuer: "https://other.example" }) as OAuthClientOptions;
  expect(() => createOAuthClient(Object.assign(inherited, good))).not.toThrow();
});
