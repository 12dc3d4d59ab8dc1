import {
  guarded,
  InvalidOptionError,
  readInsecureOrigins,
  readOptions,
  requireFunction,
  requireOneOf,
  requireSeconds,
  requireText,
  requireThat,
  requireTimeout,
} from "@tokenflight/core";
import type { ClientAuth } from "../client-parts.ts";
import type { ClientParts, EndpointName, EndpointRules, FetchFunction, ServerLocator } from "../client-parts.ts";
import { isTlsClientAuth } from "../client-auth/tls-client-auth.ts";
import { fixedServer, knownServer, requireIssuer, requireServerUrl, trustedOrigins } from "../server/authorization-server.ts";
import { discoveredServer } from "../server/discovered-server.ts";
import type { OAuthClientOptions } from "./client-options.ts";
import { answerOptionNames, readAnswerOptions } from "./read-answer-options.ts";
import { refuseSecrets, requireClientAuth } from "./read-client-auth.ts";

/** The options that say where something is, with their names in the server's metadata (RFC 8414 section 2). */
const endpointNames = {
  authorizationEndpoint: "authorization_endpoint",
  revocationEndpoint: "revocation_endpoint",
  introspectionEndpoint: "introspection_endpoint",
  deviceAuthorizationEndpoint: "device_authorization_endpoint",
  pushedAuthorizationRequestEndpoint: "pushed_authorization_request_endpoint",
  jwksUri: "jwks_uri",
} as const;
const endpointOptions = Object.keys(endpointNames) as (keyof typeof endpointNames)[];

/** Seconds: a day. */
const longestGrace = 86_400;

/** Seconds. With more, what is over would be good. */
const longestTolerance = 3600;

const optionNames = [
  "tokenEndpoint",
  "issuer",
  "clientId",
  "clientAuth",
  "credentials",
  "timeout",
  "allowInsecureOrigins",
  "mtlsEndpointAliases",
  "fetch",
  "refreshTokens",
  "refreshTokenGrace",
  "earliestRefresh",
  "clockTolerance",
  "pushAuthorizationRequests",
  "observe",
  "expectedIssuer",
  "metadata",
  ...endpointOptions,
  ...answerOptionNames,
] as const;

/** Checks the options of a client and adds the defaults. Throws InvalidOptionError. */
export function readClientOptions(options: OAuthClientOptions): ClientParts {
  refuseSecrets(options);
  const read = readOptions<OAuthClientOptions>("createOAuthClient", options, optionNames);
  // The global is looked up for each request, because it may be instrumented or replaced later.
  const { clientId, timeout = 10, fetch = ownFetch } = read;
  const { refreshTokens = "single-use", refreshTokenGrace = 0, earliestRefresh } = read;
  requireText("clientId", clientId);
  requireClientAuth(read);
  const fixed = { clientId, clientAuth: read.clientAuth as ClientAuth };
  const credentials = read.credentials ?? (() => fixed);
  requireTimeout("timeout", timeout);
  requireFunction("fetch", fetch);
  requireOneOf("refreshTokens", refreshTokens, ["single-use", "reusable"]);
  requireSeconds("refreshTokenGrace", refreshTokenGrace, longestGrace);
  if (earliestRefresh !== undefined) requireSeconds("earliestRefresh", earliestRefresh);
  const { clockTolerance = 60, pushAuthorizationRequests = false } = read;
  const isTolerance = Number.isFinite(clockTolerance) && clockTolerance >= 0 && clockTolerance <= longestTolerance;
  requireThat(isTolerance, "clockTolerance", `a number of seconds from 0 to ${longestTolerance}`, clockTolerance);
  requireThat(typeof pushAuthorizationRequests === "boolean", "pushAuthorizationRequests", "true or false", pushAuthorizationRequests);
  if (read.observe !== undefined) requireFunction("observe", read.observe);
  const observe = guarded(read.observe);
  const insecure = readInsecureOrigins(read.allowInsecureOrigins);
  const endpoints: EndpointRules = {
    isTrusted: trustedOrigins(insecure, (origin) => observe({ type: "insecure-origin", origin })),
    own: ownEndpoints(read),
    usesMtlsAliases: read.mtlsEndpointAliases ?? isTlsClientAuth(read.clientAuth),
  };
  requireThat(typeof endpoints.usesMtlsAliases === "boolean", "mtlsEndpointAliases", "true or false", read.mtlsEndpointAliases);
  const server = readServer(read, fetch, timeout * 1000, endpoints);
  return {
    server,
    endpoints,
    knownIssuer: read.issuer ?? read.expectedIssuer,
    clientId,
    credentials,
    fetch,
    timeout: timeout * 1000,
    ...readAnswerOptions(read),
    hasReusableRefreshTokens: refreshTokens === "reusable",
    refreshTokenGrace: refreshTokenGrace * 1000,
    clockTolerance,
    pushesAuthorizationRequests: pushAuthorizationRequests,
    earliestRefresh: (earliestRefresh ?? Number.POSITIVE_INFINITY) * 1000,
    observe,
  };
}

function ownEndpoints(read: OAuthClientOptions): Set<EndpointName> {
  const own = new Set<EndpointName>(endpointOptions.filter((name) => read[name] !== undefined).map((name) => endpointNames[name]));
  return read.tokenEndpoint === undefined ? own : own.add("token_endpoint");
}

/** Where there is none, the error of the request says so (`read-failure.ts`). */
const ownFetch: FetchFunction = (url, init) => {
  if (typeof globalThis.fetch !== "function") throw new TypeError("There is no global fetch.");
  return globalThis.fetch(url, init);
};

function readServer(read: OAuthClientOptions, fetch: FetchFunction, timeout: number, rules: EndpointRules): ServerLocator {
  const { isTrusted } = rules;
  const { tokenEndpoint, issuer, expectedIssuer, metadata } = read;
  if ((tokenEndpoint === undefined) === (issuer === undefined)) {
    throw new InvalidOptionError("tokenEndpoint, issuer", "one of them", issuer === undefined ? "neither" : "both");
  }
  const known: Partial<Record<"issuer" | (typeof endpointNames)[keyof typeof endpointNames], string>> = {};
  for (const name of endpointOptions) {
    if (read[name] !== undefined) known[endpointNames[name]] = requireServerUrl(name, read[name], isTrusted).href;
  }
  if (issuer === undefined) {
    if (metadata !== undefined)
      throw new InvalidOptionError("tokenEndpoint, metadata", "issuer with metadata", "a token endpoint with metadata");
    if (expectedIssuer !== undefined) {
      requireServerUrl("expectedIssuer", expectedIssuer, isTrusted);
      known.issuer = expectedIssuer;
    }
    return fixedServer(requireServerUrl("tokenEndpoint", tokenEndpoint, isTrusted), known, rules);
  }
  if (expectedIssuer !== undefined) throw new InvalidOptionError("issuer, expectedIssuer", "one of them", "both");
  const url = requireIssuer("issuer", issuer, isTrusted);
  if (metadata !== undefined) return knownServer(url, metadata, known, rules);
  return discoveredServer(url, { known, fetch, timeout, rules });
}
