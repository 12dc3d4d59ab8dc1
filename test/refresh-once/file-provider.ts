import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { OAuthClientProvider as Provider1 } from "@modelcontextprotocol/sdk/client/auth.js";

interface Kept {
  readonly tokens?: { readonly access_token: string; readonly token_type: string; readonly refresh_token?: string };
}

/** What most hosts of the Model Context Protocol have: one JSON file, written whole, read at each use. It opens no browser, and notes that it would. */
export class FileProvider implements Pick<Provider1, "tokens" | "saveTokens"> {
  browsers = 0;
  readonly redirectUrl = "http://127.0.0.1:1/callback";
  readonly clientMetadata: { redirect_uris: string[] } = { redirect_uris: [this.redirectUrl] };
  readonly #path: string;
  readonly #clientId: string;

  constructor(path: string, clientId: string) {
    this.#path = path;
    this.#clientId = clientId;
  }

  clientInformation(): { client_id: string } {
    return { client_id: this.#clientId };
  }

  tokens(): Kept["tokens"] {
    return (JSON.parse(readFileSync(this.#path, "utf8")) as Kept).tokens;
  }

  saveTokens(tokens: NonNullable<Kept["tokens"]>): void {
    writeFileSync(`${this.#path}.new`, JSON.stringify({ tokens }), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }

  invalidateCredentials(): void {
    writeFileSync(this.#path, "{}");
  }

  redirectToAuthorization(): void {
    this.browsers += 1;
  }

  saveCodeVerifier(): void {}

  codeVerifier(): string {
    throw new Error("Nobody has logged in.");
  }
}
