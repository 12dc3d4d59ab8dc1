import { systemClock, TokenRequestError, waitFor, withDeadline } from "@tokenflight/core";
import type { AuthorizationServer } from "@tokenflight/oauth";
import { McpServerError } from "../errors.ts";
import { findAuthorizationServer, type NamedServer } from "./authorization-server.ts";
import type { McpChallenge } from "./challenge.ts";
import { shown } from "./safe-url.ts";
import { findResourceMetadata, forAll, type Asking, type ResourceMetadata } from "./resource-metadata.ts";

/** An MCP server and its authorization server, as they are now. */
export interface FoundServer {
  /** The resource identifier, for every authorization and token request. */
  readonly resource: string;
  /** An object without a prototype. */
  readonly metadata: AuthorizationServer;
  /** Where the authorization server's metadata was looked for, when the MCP server names no issuer. */
  readonly at: string | undefined;
  /** The scopes to begin with; undefined where nobody says. */
  readonly scopes: readonly string[] | undefined;
}

/** Waits for metadata, one after the other: two addresses of the MCP server's, and its authorization server. */
const mostRequests = 3;
/** Milliseconds by which what has timeouts of its own may be late. */
const lateness = 1000;

/** Finds out about one MCP server, by what it says when it refuses a request. */
export class Discovery {
  readonly #server: URL;
  readonly #issuer: string | undefined;
  #challenge: McpChallenge | undefined;
  /** What was found, as long as the server has said nothing new. */
  #found: Promise<FoundServer> | undefined;

  /** `issuer`: the only one that may be used. */
  constructor(server: URL, issuer: string | undefined) {
    this.#server = server;
    this.#issuer = issuer;
  }

  /** Whether the server has been heard of in this process. */
  get hasHeard(): boolean {
    return this.#challenge !== undefined;
  }

  /** The server has refused a request. */
  hear(challenge: McpChallenge): void {
    // A refusal for want of scope says what one request needs, and not what to begin with.
    const before = this.#challenge;
    const { needsScope } = challenge;
    // What a refusal does not name again is where it was: many name it only where there is no token.
    const resourceMetadata = challenge.resourceMetadata ?? before?.resourceMetadata;
    const scopes = needsScope ? (before?.scopes ?? []) : challenge.scopes;
    this.#challenge = { resourceMetadata, needsScope, scopes };
    const isNews = before?.resourceMetadata !== resourceMetadata || before?.scopes.join(" ") !== scopes.join(" ");
    if (isNews) this.forget();
  }

  /** What was found before may have changed. */
  forget(): void {
    this.#found = undefined;
  }

  /** A scope that it named is one that it does not have any more: what to begin with, its metadata say. */
  forgetScopes(): void {
    if (this.#challenge !== undefined) this.#challenge = { ...this.#challenge, scopes: [] };
    this.forget();
  }

  /** What is known of it, as long as it says nothing new. Rejects as `find` does. */
  async known(asking: Asking): Promise<FoundServer> {
    const finding = (this.#found ??= this.find(forAll(asking)));
    try {
      // In workerd, what a request began that is over by now ends without a word: whoever waits has a deadline of its own.
      const longest = mostRequests * asking.timeout + lateness;
      return await withDeadline(
        systemClock,
        longest,
        asking.signal,
        (ending) => waitFor(finding, ending),
        () => this.#overdue(),
      );
    } catch (error) {
      if (this.#found === finding) this.#found = undefined;
      throw error;
    }
  }

  #overdue(): TokenRequestError {
    return new TokenRequestError(
      "not-sent",
      `The metadata of ${shown(this.#server)} and of its authorization server did not come in time.`,
    );
  }

  /** Asks anew. Rejects with McpServerError and TokenRequestError. */
  async find(asking: Asking): Promise<FoundServer> {
    const said = await findResourceMetadata(this.#server, this.#challenge?.resourceMetadata, asking);
    const named = this.#choose(said);
    const metadata = await findAuthorizationServer(named, asking);
    const challenged = this.#challenge?.scopes ?? [];
    return {
      resource: said?.resource ?? resourceOf(this.#server),
      metadata,
      at: named.isNamed ? undefined : named.at,
      scopes: challenged.length > 0 ? challenged : said?.scopes,
    };
  }

  #choose(said: ResourceMetadata | undefined): NamedServer {
    const [first, ...others] = said?.issuers ?? [];
    if (this.#issuer === undefined) return first === undefined ? { at: this.#server.origin, isNamed: false } : { at: first, isNamed: true };
    const wanted = withoutSlash(this.#issuer);
    if (first === undefined) return { at: this.#issuer, isNamed: true };
    const found = [first, ...others].find((one) => withoutSlash(one) === wanted);
    if (found !== undefined) return { at: found, isNamed: true };
    throw new McpServerError(
      "authorization-server",
      `The server ${shown(this.#server)} does not name ${this.#issuer}, the option issuer, among its authorization servers.`,
    );
  }
}

/** The resource identifier of a server that does not say its own (MCP, canonical server URI): without a slash at its end, where that is all of its path. */
export function resourceOf({ href, pathname, search, origin }: URL): string {
  return pathname === "/" && search === "" ? origin : href;
}

export function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, "");
}
