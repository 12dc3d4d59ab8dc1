import type { AuthorizationServer } from "@tokenflight/oauth";
import type { Binding } from "../binding.ts";
import { withoutSlash } from "../discovery/discovery.ts";
import type { Asking } from "../discovery/resource-metadata.ts";
import { McpServerError } from "../errors.ts";
import type { ClientParts, KnownClient } from "./client-options.ts";
import { authOf, type Registration } from "./registration.ts";
import type { Registrations } from "./registrations.ts";

/** The client of a login. */
export interface LoginClient extends KnownClient {
  /** Whether the server has registered it by itself, and may forget it. */
  readonly isRegistered: boolean;
}

export interface ClientsParts {
  readonly program: ClientParts;
  /** The client that was registered by hand for this server; undefined for none. */
  readonly own: KnownClient | undefined;
  readonly registrations: Registrations;
  /** A client was registered at this issuer. */
  readonly registered: (issuer: string) => void;
}

/** By which id the program is known where: registered by hand, by its metadata document, or by a registration of its own. */
export class Clients {
  readonly #parts: ClientsParts;

  constructor(parts: ClientsParts) {
    this.#parts = parts;
  }

  /** Registered by hand, or named by its metadata document, in the protocol's order; undefined where it has to register. Throws McpServerError. */
  atHand(metadata: AuthorizationServer, before: Binding | undefined): KnownClient | undefined {
    const { own, program } = this.#parts;
    if (own !== undefined && before?.clientId === own.clientId && withoutSlash(before.issuer) !== withoutSlash(metadata.issuer)) {
      const told = `The client was registered at ${before.issuer}, and the server names ${metadata.issuer} as its authorization server now`;
      throw new McpServerError("issuer-changed", `${told}. If that is meant, log out (\`tokens.forget()\`), and in again.`);
    }
    const registered = own ?? program.registered.find(({ issuer }) => withoutSlash(issuer) === withoutSlash(metadata.issuer));
    return registered ?? (metadata["client_id_metadata_document_supported"] === true ? program.document : undefined);
  }

  /** The redirect URI that a login should have, because the client is registered with it; undefined where any will do. Rejects with StoreError. */
  async redirectUri(metadata: AuthorizationServer, before: Binding | undefined): Promise<string | undefined> {
    if (this.atHand(metadata, before) !== undefined) return undefined;
    return (await this.#parts.registrations.newest(metadata))?.redirectUri;
  }

  /** Rejects with McpServerError, TokenRequestError and StoreError. */
  async forLogin(metadata: AuthorizationServer, redirectUri: string, before: Binding | undefined, asking: Asking): Promise<LoginClient> {
    const atHand = this.atHand(metadata, before);
    if (atHand !== undefined) return { ...atHand, isRegistered: false };
    const { program, registrations, registered } = this.#parts;
    if (metadata["registration_endpoint"] === undefined) {
      const told = "registers no clients by itself, and reads no metadata documents of theirs or was named none: register one by hand";
      throw new McpServerError("no-client", `The authorization server ${metadata.issuer} ${told}, for the option \`client\`.`);
    }
    const wish = { name: program.name, redirectUri, further: program.metadata };
    return { ...clientOf(await registrations.obtain(metadata, wish, asking, () => registered(metadata.issuer))), isRegistered: true };
  }

  /** The client that tokens were given to; undefined when nobody knows it any more. Rejects with StoreError. */
  async ofTokens({ issuer, clientId }: Binding): Promise<LoginClient | undefined> {
    const { own, program, registrations } = this.#parts;
    const byHand = program.registered.filter((one) => withoutSlash(one.issuer) === withoutSlash(issuer));
    const atHand = [own, ...byHand, program.document].find((one) => one?.clientId === clientId);
    if (atHand !== undefined) return { ...atHand, isRegistered: false };
    const found = await registrations.find(issuer, clientId);
    return found === undefined ? undefined : { ...clientOf(found), isRegistered: true };
  }

  /** The server does not know a client any more that it had registered. Rejects with StoreError. */
  async drop(issuer: string, { clientId, isRegistered }: LoginClient): Promise<void> {
    if (isRegistered) await this.#parts.registrations.drop(issuer, clientId);
  }
}

function clientOf(registration: Registration): KnownClient {
  return { clientId: registration.clientId, clientAuth: authOf(registration) };
}
