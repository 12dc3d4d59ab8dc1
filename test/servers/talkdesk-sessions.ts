import { randomBytes, randomUUID, type KeyObject } from "node:crypto";
import type { TokenEndpointStats } from "./token-endpoint.ts";

/** The credentials that one customer account got with its installation of an app. */
export interface TalkdeskClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  /** Every scope that is granted to this client. */
  readonly scopes: readonly string[];
  /** Checks its signed assertions; without one, only Basic will do. */
  readonly publicKey?: KeyObject;
  readonly keyId?: string;
}

/** What a user agreed to in the browser. */
export interface Consent {
  readonly client: TalkdeskClient;
  readonly scopes: readonly string[];
  /** Whether the authorize request named the scope `openid`, not merely got it with all others. */
  readonly openid: boolean;
  readonly nonce: string | undefined;
}

/** One login: the refresh tokens that follow one another, and the access tokens that came with them. */
export interface Session extends Consent {
  readonly sid: string;
  readonly accessTokens: Set<string>;
  ended: boolean;
}

/** What the Talkdesk server knows: codes, sessions and tokens. */
export class TalkdeskSessions {
  readonly #lifetime: number;
  readonly #stats: TokenEndpointStats;
  readonly #codes = new Map<string, Consent>();
  /** Used-up refresh tokens stay, to be recognised. */
  readonly #refreshTokens = new Map<string, { readonly session: Session; used: boolean }>();
  /** When each access token ends, in milliseconds since 1970. */
  readonly #accessTokens = new Map<string, number>();

  constructor(accessTokenLifetime: number, stats: TokenEndpointStats) {
    this.#lifetime = accessTokenLifetime * 1000;
    this.#stats = stats;
  }

  newCode(consent: Consent): string {
    const code = secret();
    this.#codes.set(code, consent);
    return code;
  }

  consentOf(code: string, client: TalkdeskClient): Consent | undefined {
    const consent = this.#codes.get(code);
    return consent?.client === client ? consent : undefined;
  }

  /** The code works no more; its session begins. */
  begin(code: string, consent: Consent): Session {
    this.#codes.delete(code);
    return { ...consent, sid: randomUUID(), accessTokens: new Set(), ended: false };
  }

  newAccessToken(session?: Session): string {
    const accessToken = secret();
    this.#accessTokens.set(accessToken, Date.now() + this.#lifetime);
    session?.accessTokens.add(accessToken);
    return accessToken;
  }

  newRefreshToken(session: Session): string {
    const refreshToken = secret();
    this.#refreshTokens.set(refreshToken, { session, used: false });
    return refreshToken;
  }

  /** The session that a refresh token continues. A used one ends its session, because somebody else has it too. */
  sessionOf(refreshToken: string, client: TalkdeskClient): Session | undefined {
    const known = this.#refreshTokens.get(refreshToken);
    if (known?.session.client !== client) return undefined;
    if (known.used) {
      this.#stats.refreshTokenReuses += 1;
      this.end(known.session);
    }
    return known.session.ended ? undefined : known.session;
  }

  useUp(refreshToken: string): void {
    const known = this.#refreshTokens.get(refreshToken);
    if (known !== undefined) known.used = true;
  }

  isActive(accessToken: string): boolean {
    const end = this.#accessTokens.get(accessToken);
    if (end === undefined) return false;
    if (end > Date.now()) return true;
    this.#accessTokens.delete(accessToken);
    return false;
  }

  revokeAccessToken(accessToken: string): boolean {
    return this.#accessTokens.delete(accessToken);
  }

  /** Finds a session by any of its tokens, used or not. */
  find(token: string): Session | undefined {
    const session = this.#refreshTokens.get(token)?.session;
    if (session !== undefined) return session;
    return [...this.#refreshTokens.values()].find((known) => known.session.accessTokens.has(token))?.session;
  }

  end(session: Session): void {
    if (session.ended) return;
    session.ended = true;
    this.#stats.familiesRevoked += 1;
    for (const accessToken of session.accessTokens) this.#accessTokens.delete(accessToken);
  }
}

function secret(): string {
  return randomBytes(24).toString("base64url");
}
