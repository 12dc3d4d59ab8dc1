import { InvalidOptionError, kindOf, readOptions, requireFunction, requireOneOf, requireSeconds, requireText } from "@tokenflight/core";
import type { ClientAuth } from "oauth4webapi";
import type { FetchFunction } from "../endpoint/answer.ts";
import { fixedServer, withMetadata, type ServerLocator } from "../server/authorization-server.ts";
import type { CurrentCredentials } from "../endpoint/client-identity.ts";
import type { OAuthClientOptions } from "./client-options.ts";
import { discoveredServer } from "../server/discovered-server.ts";
import type { OAuthEvent } from "../endpoint/granted-scope.ts";
import { requireServerUrl } from "../server/server-url.ts";
import type { TokenEndpointParts } from "../endpoint/token-request.ts";

/** What one client is made of: its options, checked, with their defaults. */
export interface ClientParts extends TokenEndpointParts {
  /** Whether the server's issuer was named, rather than stood in for by its token endpoint. */
  readonly knowsIssuer: boolean;
  readonly loginRequiredErrors: ReadonlySet<string>;
  readonly passingStatuses: ReadonlySet<number>;
  /** Whether a refresh token works for as long as the login lasts. */
  readonly reusable: boolean;
  /** Milliseconds for which a refresh token works on after its use. */
  readonly grace: number;
  /** Milliseconds before the end of an access token from which on it may be refreshed; infinite when it may be at any time. */
  readonly earliestRefresh: number;
}

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

/** Throws InvalidOptionError. */
export function readClientOptions(options: OAuthClientOptions): ClientParts {
  const read = readOptions<OAuthClientOptions>("createOAuthClient", options, optionNames);
  // Looked up for each request, so that whoever instruments or replaces the global later is heard.
  const { clientId, timeout = 10, fetch = (url, init) => globalThis.fetch(url, init) } = read;
  const { refreshTokens = "single-use", refreshTokenGrace = 0, earliestRefresh } = read;
  requireText("clientId", clientId);
  const credentials = readClientAuth(read);
  requireSeconds("timeout", timeout);
  if (timeout === 0) throw new InvalidOptionError("timeout", "a number of seconds above zero", kindOf(timeout));
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
    reusable: refreshTokens === "reusable",
    grace: refreshTokenGrace * 1000,
    earliestRefresh: (earliestRefresh ?? Number.POSITIVE_INFINITY) * 1000,
    observe: guarded(read.observe),
  };
}

/** An observer watches: what it throws, or rejects with, is its own affair. */
function guarded(observe: OAuthClientOptions["observe"]): (event: OAuthEvent) => void {
  return (event) => {
    new Promise((resolve) => resolve(observe?.(event))).catch(() => {});
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
  const known: Partial<Record<(typeof endpoints)[keyof typeof endpoints], string>> = {};
  for (const name of endpointOptions) {
    if (read[name] !== undefined) known[endpoints[name]] = requireServerUrl(name, read[name]).href;
  }
  if (issuer === undefined) {
    if (expectedIssuer !== undefined) requireServerUrl("expectedIssuer", expectedIssuer);
    return withMetadata(fixedServer(requireServerUrl("tokenEndpoint", tokenEndpoint), expectedIssuer), known);
  }
  if (expectedIssuer !== undefined) throw new InvalidOptionError("issuer, expectedIssuer", "one of them", "both");
  const url = requireServerUrl("issuer", issuer);
  // RFC 8414 section 2.
  if (url.search !== "") throw new InvalidOptionError("issuer", "a URL without a query", "one with a query");
  return withMetadata(discoveredServer(url, fetch, timeout), known);
}

function readTexts(where: string, value: readonly string[]): readonly string[] {
  if (!Array.isArray(value)) throw new InvalidOptionError(where, "an array of strings", kindOf(value));
  for (const one of value) requireText(where, one);
  return [...value];
}

function readStatuses(where: string, value: readonly number[]): readonly number[] {
  const isStatus = (one: unknown): boolean => typeof one === "number" && Number.isInteger(one) && one >= 400 && one <= 499;
  if (!Array.isArray(value) || !value.every(isStatus)) {
    throw new InvalidOptionError(where, "an array of HTTP statuses from 400 to 499", kindOf(value));
  }
  return [...value];
}
