import { ownOnly } from "../platform/own.ts";
import { recognise } from "../platform/shared.ts";

/** What a token set is made of. Times are milliseconds since the UNIX epoch. */
export interface TokenSetFields {
  /** The secret that requests carry. */
  accessToken: string;
  /** How the token is named in an Authorization header, such as "Bearer". */
  tokenType: string;
  /** When the token set was obtained, in milliseconds since the UNIX epoch. */
  issuedAt: number;
  /** When the access token expires, in milliseconds since the UNIX epoch. Default: undefined, not known. */
  expiresAt?: number | undefined;
  /** The scopes that were given, with spaces between them. Default: undefined, not known. */
  scope?: string | undefined;
  /** Obtains the next token set. Default: undefined, there is none. */
  refreshToken?: string | undefined;
  /** The id token of a login with OpenID Connect. Default: undefined, there is none. */
  idToken?: string | undefined;
  /** Whatever else the answer said, such as `instance_url`. Default: nothing. */
  extra?: Readonly<Record<string, unknown>> | undefined;
}

const noExtra: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null));

/**
 * What a token endpoint gave. The secrets stand behind getters over private fields, so that logging, serialising or cloning
 * a token set shows its type, expiry, scope and fingerprint and never a secret; `tokenSet.accessToken` reads it on purpose.
 */
export class TokenSet {
  /** As the endpoint named it; "Bearer" when it named none (RFC 6749 section 7.1). */
  readonly tokenType: string;
  /** When it was obtained, in milliseconds since the UNIX epoch. */
  readonly issuedAt: number;
  /** When it expires, in milliseconds since the UNIX epoch; undefined when nobody said. */
  readonly expiresAt: number | undefined;
  /** Space-separated, as the endpoint gave it. */
  readonly scope: string | undefined;
  readonly #accessToken: string;
  readonly #refreshToken: string | undefined;
  readonly #idToken: string | undefined;
  readonly #extra: Readonly<Record<string, unknown>>;

  constructor(fields: TokenSetFields) {
    const own = ownOnly(fields);
    ({ tokenType: this.tokenType, issuedAt: this.issuedAt, expiresAt: this.expiresAt, scope: this.scope } = own);
    this.#accessToken = own.accessToken;
    this.#refreshToken = own.refreshToken;
    this.#idToken = own.idToken;
    this.#extra = own.extra ?? noExtra;
  }

  /** Empty for a login of which only the refresh token is known; `peek` and `get` of a token cache give no such token set. */
  get accessToken(): string {
    return this.#accessToken;
  }

  /** Obtains the next token set. Undefined when there is none. No log shows it. */
  get refreshToken(): string | undefined {
    return this.#refreshToken;
  }

  /** The id token of a login with OpenID Connect. Undefined when there is none. No log shows it. */
  get idToken(): string | undefined {
    return this.#idToken;
  }

  /** The fields of the token response that no standard name covers, such as `sid`. */
  get extra(): Readonly<Record<string, unknown>> {
    return this.#extra;
  }

  /** Eight hexadecimal digits that tell two access tokens apart in a log and give neither away. Empty while there is a refresh token alone. */
  get fingerprint(): string {
    return this.#accessToken && fingerprint(this.#accessToken);
  }

  /** What logs and `JSON.stringify` show: no secret. `toTokenResponse` gives everything, secrets too. */
  toJSON(): {
    /** The type of the token, such as "Bearer". */
    tokenType: string;
    /** The scopes that were given, with spaces between them. */
    scope?: string;
    /** In ISO 8601. */
    expiresAt?: string;
    /** Tells two access tokens apart. */
    fingerprint: string;
  } {
    const scope = this.scope === undefined ? {} : { scope: this.scope };
    const expiresAt = this.expiresAt === undefined ? {} : { expiresAt: new Date(this.expiresAt).toJSON() };
    return { tokenType: this.tokenType, ...scope, ...expiresAt, fingerprint: this.fingerprint };
  }
}

recognise("TokenSet", TokenSet);
// Node's `console.log` and `util.inspect` call this, with every setting that would look deeper.
Object.defineProperty(TokenSet.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: TokenSet): string {
    return `TokenSet ${JSON.stringify(this)}`;
  },
});

/** FNV-1a with 32 bits: far too short to find a token from, long enough to tell tokens apart. */
export function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
