import {
  guarded,
  InvalidOptionError,
  readOptions,
  requireFunction,
  requireOneOf,
  requireSeconds,
  requireText,
  requireThat,
  requireTimeout,
} from "@tokenflight/core";
import type { ClientAuth } from "oauth4webapi";
import type { ClientParts, CurrentCredentials, FetchFunction, ServerLocator } from "../client-parts.ts";
import { fixedServer, requireServerUrl } from "../server/authorization-server.ts";
import { discoveredServer } from "../server/discovered-server.ts";
import type { OAuthClientOptions } from "./client-options.ts";

/** The options that say where something is, with their names in the server's metadata (RFC 8414 section 2). */
const endpoints = {
  authorizationEndpoint: "authorization_endpoint",
  revocationEndpoint: "revocation_endpoint",
  introspectionEndpoint: "introspection_endpoint",
  deviceAuthorizationEndpoint: "device_authorization_endpoint",
  jwksUri: "jwks_uri",
} as const;
const endpointOptions = Object.keys(endpoints) as (keyof typeof endpoints)[];

const optionNames = [
  "tokenEndpoint",
  "issuer",
  "clientId",
  "clientAuth",
  "credentials",
  "timeout",
  "fetch",
  "tokenTypes",
  "loginRequiredErrors",
  "passingStatuses",
  "refreshTokens",
  "refreshTokenGrace",
  "earliestRefresh",
  "observe",
  "expectedIssuer",
  ...endpointOptions,
] as const;

/** Checks the options of a client and adds the defaults. Throws InvalidOptionError. */
export function readClientOptions(options: OAuthClientOptions): ClientParts {
  const read = readOptions<OAuthClientOptions>("createOAuthClient", options, optionNames);
  // The global is looked up for each request, because it may be instrumented or replaced later.
  const { clientId, timeout = 10, fetch = (url, init) => globalThis.fetch(url, init) } = read;
  const { refreshTokens = "single-use", refreshTokenGrace = 0, earliestRefresh } = read;
  requireText("clientId", clientId);
  const credentials = readClientAuth(read);
  requireTimeout("timeout", timeout);
  requireFunction("fetch", fetch);
  requireOneOf("refreshTokens", refreshTokens, ["single-use", "reusable"]);
  requireSeconds("refreshTokenGrace", refreshTokenGrace);
  if (earliestRefresh !== undefined) requireSeconds("earliestRefresh", earliestRefresh);
  if (read.observe !== undefined) requireFunction("observe", read.observe);
  const tokenTypes = readTexts("tokenTypes", read.tokenTypes ?? []);
  const server = readServer(read, fetch, timeout * 1000);
  return {
    server,
    knowsIssuer: (read.issuer ?? read.expectedIssuer) !== undefined,
    clientId,
    credentials,
    fetch,
    timeout: timeout * 1000,
    tokenTypes: new Set(["bearer", ...tokenTypes.map((type) => type.toLowerCase())]),
    loginRequiredErrors: new Set(readTexts("loginRequiredErrors", read.loginRequiredErrors ?? ["invalid_grant"])),
    passingStatuses: new Set(readStatuses("passingStatuses", read.passingStatuses ?? [])),
    hasReusableRefreshTokens: refreshTokens === "reusable",
    refreshTokenGrace: refreshTokenGrace * 1000,
    earliestRefresh: (earliestRefresh ?? Number.POSITIVE_INFINITY) * 1000,
    observe: guarded(read.observe),
  };
}

function readClientAuth({ clientId, clientAuth, credentials }: OAuthClientOptions): CurrentCredentials {
  if (credentials === undefined) {
    requireFunction("clientAuth", clientAuth);
    const fixed = { clientId, clientAuth: clientAuth as ClientAuth };
    return () => fixed;
  }
  if (clientAuth !== undefined) throw new InvalidOptionError("clientAuth, credentials", "one of them", "both");
  requireFunction("credentials", credentials);
  return credentials;
}

function readServer(read: OAuthClientOptions, fetch: FetchFunction, timeout: number): ServerLocator {
  const { tokenEndpoint, issuer, expectedIssuer } = read;
  if ((tokenEndpoint === undefined) === (issuer === undefined)) {
    throw new InvalidOptionError("tokenEndpoint, issuer", "one of them", issuer === undefined ? "neither" : "both");
  }
  const known: Partial<Record<"issuer" | (typeof endpoints)[keyof typeof endpoints], string>> = {};
  for (const name of endpointOptions) {
    if (read[name] !== undefined) known[endpoints[name]] = requireServerUrl(name, read[name]).href;
  }
  if (issuer === undefined) {
    if (expectedIssuer !== undefined) {
      requireServerUrl("expectedIssuer", expectedIssuer);
      known.issuer = expectedIssuer;
    }
    return fixedServer(requireServerUrl("tokenEndpoint", tokenEndpoint), known);
  }
  if (expectedIssuer !== undefined) throw new InvalidOptionError("issuer, expectedIssuer", "one of them", "both");
  const url = requireServerUrl("issuer", issuer);
  // RFC 8414 section 2.
  if (url.search !== "") throw new InvalidOptionError("issuer", "a URL without a query", "one with a query");
  return discoveredServer(url, { known, fetch, timeout });
}

function readTexts(where: string, value: readonly string[]): readonly string[] {
  requireThat(Array.isArray(value), where, "an array of strings", value);
  for (const one of value) requireText(where, one);
  return [...value];
}

function readStatuses(where: string, value: readonly number[]): readonly number[] {
  const isStatus = (one: unknown): boolean => typeof one === "number" && Number.isInteger(one) && one >= 400 && one <= 499;
  requireThat(Array.isArray(value) && value.every(isStatus), where, "an array of HTTP statuses from 400 to 499", value);
  return [...value];
}
