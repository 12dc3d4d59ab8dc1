import { readOptions, requireFunction, requireSignal, requireTimeout } from "@tokenflight/core";
import type { FetchFunction } from "../client-parts.ts";
import { loaded, within } from "../endpoint/waiting.ts";
import { requireIssuer } from "./authorization-server.ts";
import type { FoundMetadata } from "./discovery.ts";

export type { FoundMetadata } from "./discovery.ts";

/** The options of `discoverMetadata`. */
export interface DiscoverMetadataOptions {
  /** Sends the requests. Default: the global `fetch`. */
  fetch?: FetchFunction | undefined;
  /** Seconds for all of it. Default 10. */
  timeout?: number | undefined;
  /** Ends the look. Default: none. */
  signal?: AbortSignal | undefined;
  /**
   * Whether metadata that names this issuer will do, for servers whose issuer nobody has named. Default: the issuer that is looked for, with or without a slash
   * at its end (RFC 8414 section 3.3).
   */
  isIssuer?: ((named: string) => boolean) | undefined;
}

/**
 * Looks for an authorization server's metadata at its well-known addresses (RFC 8414, OpenID Connect Discovery), for programs that decide by it how to go on.
 * `createOAuthClient({ issuer })` does so by itself; with `metadata` it takes what was found here.
 *
 * @throws TokenRequestError (`ERR_TOKEN_REQUEST_*`) when the server cannot be asked.
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const { metadata } = await discoverMetadata("https://login.example.com");
 * console.log(metadata?.token_endpoint);
 * ```
 */
export async function discoverMetadata(issuer: string, options: DiscoverMetadataOptions = {}): Promise<FoundMetadata> {
  const where = "discoverMetadata";
  const read = readOptions<DiscoverMetadataOptions>(where, options, ["fetch", "timeout", "signal", "isIssuer"]);
  const { fetch = (url, init) => globalThis.fetch(url, init), timeout = 10, signal, isIssuer } = read;
  const url = requireIssuer(`${where}.issuer`, issuer);
  requireFunction(`${where}.fetch`, fetch);
  requireTimeout(`${where}.timeout`, timeout);
  requireSignal(`${where}.signal`, signal);
  if (isIssuer !== undefined) requireFunction(`${where}.isIssuer`, isIssuer);
  const { findMetadata } = await loaded(import("./discovery.ts"));
  return within(timeout * 1000, signal, (ending) => findMetadata(url, { fetch, signal: ending, isTrusted: undefined, isIssuer }));
}
