import { parseUrl } from "@tokenflight/core";
import { requestJson, type FetchFunction, type JsonAnswer } from "@tokenflight/oauth";
import { McpServerError } from "../errors.ts";
import { scopesIn } from "../scopes.ts";
import { isPlain, safeUrl, shown } from "./safe-url.ts";

/** What an MCP server says of itself (RFC 9728 section 2), checked. */
export interface ResourceMetadata {
  /** Its resource identifier, in its own spelling, which authorization servers compare. */
  readonly resource: string;
  /** The issuers that it names, in its own spelling and order. Each may be asked. */
  readonly issuers: readonly string[];
  /** Those that it has for everybody; undefined where it does not say. */
  readonly scopes: readonly string[] | undefined;
}

/** How servers are asked. */
export interface Asking {
  readonly fetch: FetchFunction;
  /** Milliseconds for one request. */
  readonly timeout: number;
  /** Ends it sooner, where somebody waits alone. */
  readonly signal: AbortSignal | undefined;
}

/** The same for what several callers wait for: no signal of one of them ends it. Each request has its timeout. */
export function forAll(asking: Asking): Asking {
  return { ...asking, signal: undefined };
}

/** How many authorization servers are looked at. */
const mostIssuers = 20;

const suffix = "/.well-known/oauth-protected-resource";

/**
 * Asks an MCP server what it is: where its challenge says, or at its well-known addresses, with its path and without (RFC 9728 section 3.1). Undefined where it
 * has none there, as servers of the protocol's first version. Rejects with McpServerError, and with TokenRequestError when it cannot be asked.
 */
export async function findResourceMetadata(server: URL, named: string | undefined, asking: Asking): Promise<ResourceMetadata | undefined> {
  if (named !== undefined) {
    const address = safeUrl(named, server);
    if (address?.origin !== server.origin) {
      throw new McpServerError(
        "address",
        `The server ${shown(server)} says that its metadata is at ${shown(named)}, which is not at its own origin.`,
      );
    }
    const answer = await ask(address.href, asking);
    if (answer.status !== 200 || answer.fields === undefined) throw unreadable(server, answer);
    return check(server, answer.fields);
  }
  const path = server.pathname.replace(/\/$/, "");
  for (const address of new Set([`${server.origin}${suffix}${path}`, `${server.origin}${suffix}`])) {
    const answer = await ask(address, asking);
    if (answer.status === 200 && answer.fields !== undefined) return check(server, answer.fields);
    // A page that stands at every address is none of these.
    if (answer.problem !== undefined) throw unreadable(server, answer);
  }
  return undefined;
}

function ask(url: string, { fetch, timeout, signal }: Asking): Promise<JsonAnswer> {
  return requestJson({ fetch, url, title: "resource metadata", timeout, signal });
}

function unreadable(server: URL, { status, problem }: JsonAnswer): McpServerError {
  const what = problem === undefined ? (status === 200 ? "is no JSON object" : `has the status ${status}`) : problem;
  return new McpServerError("resource-metadata", `The metadata of ${shown(server)} cannot be used: the answer ${what}.`);
}

function check(server: URL, fields: NonNullable<JsonAnswer["fields"]>): ResourceMetadata {
  const { resource, authorization_servers: issuers, scopes_supported: scopes } = fields;
  if (typeof resource !== "string" || !isResourceOf(resource, server)) {
    throw new McpServerError("resource", `The metadata of ${shown(server)} is about another resource: ${shown(resource)}.`);
  }
  if (issuers !== undefined && !Array.isArray(issuers)) {
    throw new McpServerError(
      "resource-metadata",
      `The metadata of ${shown(server)} cannot be used: its authorization_servers are no list.`,
    );
  }
  const usable = ((issuers ?? []) as unknown[]).slice(0, mostIssuers).filter((one): one is string => isIssuer(one, server));
  if (usable.length === 0 && issuers !== undefined && issuers.length > 0) {
    const [first] = issuers as unknown[];
    throw new McpServerError(
      "authorization-server",
      `The server ${shown(server)} names ${shown(first)} as its authorization server, which may not be used.`,
    );
  }
  return { resource, issuers: usable, scopes: Array.isArray(scopes) ? scopesIn(scopes) : undefined };
}

/**
 * Whether a resource identifier is that of a server at this URL: the same origin, and the same path or one above it, as the metadata of a whole origin has
 * (RFC 9728 section 3.3 wants the same; the protocol's own SDKs take this).
 */
function isResourceOf(resource: string, server: URL): boolean {
  const url = isPlain(resource) ? parseUrl(resource) : null;
  if (url === null || url.origin !== server.origin || resource.includes("#") || url.username !== "" || url.password !== "") return false;
  const above = url.pathname.replace(/\/*$/, "/");
  return `${server.pathname.replace(/\/*$/, "")}/`.startsWith(above) && (url.search === "" || url.search === server.search);
}

/** RFC 8414 section 2: an issuer has neither query nor fragment. */
function isIssuer(given: unknown, server: URL): boolean {
  const url = safeUrl(given, server);
  return url !== undefined && url.search === "" && !(given as string).includes("#");
}
