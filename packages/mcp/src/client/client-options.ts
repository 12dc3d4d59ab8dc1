import { isLoopback, parseUrl, readOptions, requireFunction, requireText, requireThat } from "@tokenflight/core";
import { noClientAuth, type ClientAuth } from "@tokenflight/oauth";

/** A client that was registered before, by hand. */
export interface RegisteredClient {
  /** By which the authorization server knows the program. */
  clientId: string;
  /** How it authenticates, such as `clientSecretBasic(secret)`. Default: a public client, `noClientAuth()`. */
  clientAuth?: ClientAuth | undefined;
}

/** Who logs users in: the program. */
export interface McpClientOptions {
  /** Is shown to the user who logs in, and registered. */
  name: string;
  /**
   * Where the program's metadata document is (OAuth Client ID Metadata Document): an https URL with a path, which is the client's id at every authorization
   * server that reads such documents. Default: none.
   */
  metadataUrl?: string | undefined;
  /** How the client of `metadataUrl` authenticates, such as `privateKeyJwt({ key })`. Default: a public client. */
  metadataAuth?: ClientAuth | undefined;
  /** Clients that were registered by hand, each at its issuer. They come first. Default: none. */
  registered?:
    | readonly (RegisteredClient & {
        /** The issuer of the authorization server that knows this client. */
        issuer: string;
      })[]
    | undefined;
  /** Further metadata for a registration (RFC 7591 section 2), such as `{ client_uri, logo_uri }`. Default: none. */
  metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** The options with their defaults, checked. */
export interface ClientParts {
  readonly name: string;
  /** The client of the metadata document. */
  readonly document: KnownClient | undefined;
  readonly registered: readonly (KnownClient & { readonly issuer: string })[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface KnownClient {
  readonly clientId: string;
  readonly clientAuth: ClientAuth;
}

/** Throws InvalidOptionError. */
export function readClient(where: string, options: McpClientOptions): ClientParts {
  const read = readOptions<McpClientOptions>(where, options, ["name", "metadataUrl", "metadataAuth", "registered", "metadata"]);
  const { name, metadataUrl, metadataAuth = noClientAuth(), registered = [], metadata = {} } = read;
  requireText(`${where}.name`, name);
  if (metadataUrl !== undefined) requireMetadataUrl(`${where}.metadataUrl`, metadataUrl);
  requireFunction(`${where}.metadataAuth`, metadataAuth);
  requireThat(Array.isArray(registered), `${where}.registered`, "an array of clients", registered);
  requireThat(typeof metadata === "object" && metadata !== null && !Array.isArray(metadata), `${where}.metadata`, "an object", metadata);
  return {
    name,
    document: metadataUrl === undefined ? undefined : { clientId: metadataUrl, clientAuth: metadataAuth },
    registered: registered.map((one, index) => {
      const at = `${where}.registered[${index}]`;
      const { issuer, ...client } = readOptions<RegisteredClient & { issuer: string }>(at, one, ["issuer", "clientId", "clientAuth"]);
      requireThat(typeof issuer === "string" && parseUrl(issuer) !== null, `${at}.issuer`, "the URL of an issuer", issuer);
      const { clientId, clientAuth } = readRegistered(at, client);
      return { issuer, clientId, clientAuth };
    }),
    metadata: { ...metadata },
  };
}

/** Throws InvalidOptionError. */
export function readRegistered(where: string, options: RegisteredClient): KnownClient {
  const { clientId, clientAuth = noClientAuth() } = readOptions<RegisteredClient>(where, options, ["clientId", "clientAuth"]);
  requireText(`${where}.clientId`, clientId);
  requireFunction(`${where}.clientAuth`, clientAuth);
  return { clientId, clientAuth };
}

/** Section 3 of the draft: https, a path, neither fragment nor credentials. */
function requireMetadataUrl(where: string, value: string): void {
  const url = typeof value === "string" ? parseUrl(value) : null;
  const isDocument =
    url !== null && url.protocol === "https:" && url.pathname !== "/" && !value.includes("#") && url.username === "" && url.password === "";
  requireThat(isDocument && !isLoopback(url.hostname), where, "an https URL with a path, which authorization servers can read", value);
}
