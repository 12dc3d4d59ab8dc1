import type { TokenResponse } from "@tokenflight/core";

/** One login and everything that was refreshed from it. */
export interface Session {
  readonly subject: string;
  readonly name: string;
  /** A refresh token was used after it was over, so that nothing of this session works any more. */
  ended: boolean;
  /** What the server refuses to give access tokens for, and how. */
  readonly refused: Map<string, Refusal>;
}

/** "interaction_required": the user has to agree. "invalid_scope": the client may not ask for it. */
export type Refusal = "interaction_required" | "invalid_scope";

interface RefreshToken {
  readonly session: Session;
  readonly parent: RefreshToken | undefined;
  over: boolean;
}

/** The books of an authorization server that rotates refresh tokens, and ends a session when one is used after it was over. */
export class SimServer {
  readonly #provider: "strict" | "grace";
  readonly #lifetime: number;
  readonly #rotates: boolean;
  readonly #refreshTokens = new Map<string, RefreshToken>();
  readonly #accessTokens = new Map<string, { readonly session: Session; readonly purpose: string }>();
  readonly #sessions: Session[] = [];
  /** Of a grant that uses nothing up: nobody has logged in, so that there is one for each subject. */
  readonly #grants = new Map<string, Session>();
  /** Access tokens per subject, logins included. */
  readonly issued = new Map<string, number>();

  constructor(provider: "strict" | "grace", lifetime: number, rotates: boolean) {
    this.#provider = provider;
    this.#lifetime = lifetime;
    this.#rotates = rotates;
  }

  /** The login that an access token comes from; whom it is for stands there. */
  sessionOf(accessToken: string): Session | undefined {
    return this.#accessTokens.get(accessToken)?.session;
  }

  /** What an access token is for. */
  purposeOf(accessToken: string): string | undefined {
    return this.#accessTokens.get(accessToken)?.purpose;
  }

  /** The login whose refresh token it is. */
  sessionOfRefreshToken(refreshToken: string): Session | undefined {
    return this.#refreshTokens.get(refreshToken)?.session;
  }

  /** Whether a login of this subject was ever refused an access token for this purpose, in this way. */
  hasRefused(subject: string, purpose: string, how: Refusal): boolean {
    return this.#sessions.some((session) => session.subject === subject && session.refused.get(purpose) === how);
  }

  /** From now on. Once refused, it stays so until the user logs in again. */
  refuse(session: Session, purpose: string, how: Refusal): void {
    if (!session.refused.has(purpose)) session.refused.set(purpose, how);
  }

  logIn(subject: string, purpose: string): TokenResponse {
    const session = newSession(subject, `login-${subject}-${this.#countOf(subject)}`);
    this.#sessions.push(session);
    return this.#issue(session, purpose, undefined);
  }

  /** Undefined: invalid_grant. */
  refresh(refreshToken: string, purpose: string): TokenResponse | undefined {
    const token = this.#refreshTokens.get(refreshToken);
    if (token === undefined) throw new Error("Somebody sent a refresh token that was never issued.");
    if (token.over) token.session.ended = true;
    if (token.session.ended) return undefined;
    if (this.#provider === "strict") token.over = true;
    // With a grace time, a refresh token works until a successor of it was used.
    else for (let parent = token.parent; parent?.over === false; parent = parent.parent) parent.over = true;
    return this.#issue(token.session, purpose, token);
  }

  /** A token of a grant that uses nothing up. */
  grant(subject: string, purpose: string): TokenResponse {
    const session = this.#grants.get(subject) ?? newSession(subject, `grant-${subject}`);
    this.#grants.set(subject, session);
    return this.#issue(session, purpose, undefined);
  }

  isOver(refreshToken: string): boolean {
    return this.#refreshTokens.get(refreshToken)?.session.ended !== false;
  }

  #issue(session: Session, purpose: string, parent: RefreshToken | undefined): TokenResponse {
    const { subject } = session;
    const count = this.#countOf(subject);
    this.issued.set(subject, count);
    const response: TokenResponse = { access_token: `access-${subject}-${count}${purpose}`, expires_in: this.#lifetime };
    this.#accessTokens.set(response.access_token, { session, purpose });
    if (!this.#rotates) return response;
    const refreshToken = `refresh-${subject}-${count}`;
    this.#refreshTokens.set(refreshToken, { session, parent, over: false });
    return { ...response, refresh_token: refreshToken };
  }

  /** Of the token set that is issued next. */
  #countOf(subject: string): number {
    return (this.issued.get(subject) ?? 0) + 1;
  }
}

function newSession(subject: string, name: string): Session {
  return { subject, name, ended: false, refused: new Map() };
}
