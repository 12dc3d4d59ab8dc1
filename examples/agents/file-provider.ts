import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { OAuthClientProvider, OAuthDiscoveryState } from "@modelcontextprotocol/sdk/client/auth.js";
import type { OAuthClientInformationMixed, OAuthClientMetadata, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";

interface Saved {
  client?: OAuthClientInformationMixed | undefined;
  tokens?: OAuthTokens | undefined;
  verifier?: string | undefined;
  discovery?: OAuthDiscoveryState | undefined;
}

/** How most clients of the SDK keep a login for all their processes: one JSON file, written atomically and read at each use. */
export class FileProvider implements OAuthClientProvider {
  readonly redirectUrl = "http://127.0.0.1:33418/callback";
  readonly clientMetadata: OAuthClientMetadata & { application_type: string } = {
    client_name: "an agent",
    redirect_uris: [this.redirectUrl],
    application_type: "native",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  readonly #path: string;
  readonly #openBrowser: (page: URL) => void;

  constructor(path: string, openBrowser: (page: URL) => void) {
    this.#path = path;
    this.#openBrowser = openBrowser;
  }

  clientInformation(): OAuthClientInformationMixed | undefined {
    return this.#read().client;
  }

  saveClientInformation(client: OAuthClientInformationMixed): void {
    this.#change({ client });
  }

  tokens(): OAuthTokens | undefined {
    return this.#read().tokens;
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#change({ tokens });
  }

  saveCodeVerifier(verifier: string): void {
    this.#change({ verifier });
  }

  codeVerifier(): string {
    return this.#read().verifier ?? "";
  }

  saveDiscoveryState(discovery: OAuthDiscoveryState): void {
    this.#change({ discovery });
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#read().discovery;
  }

  invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): void {
    if (scope === "all") this.#change({ client: undefined, tokens: undefined, verifier: undefined, discovery: undefined });
    else this.#change({ [scope]: undefined });
  }

  redirectToAuthorization(page: URL): void {
    this.#openBrowser(page);
  }

  #read(): Saved {
    return existsSync(this.#path) ? (JSON.parse(readFileSync(this.#path, "utf8")) as Saved) : {};
  }

  #change(fields: Saved): void {
    const next = `${this.#path}.${randomUUID()}`;
    writeFileSync(next, JSON.stringify({ ...this.#read(), ...fields }), { mode: 0o600 });
    renameSync(next, this.#path);
  }
}
