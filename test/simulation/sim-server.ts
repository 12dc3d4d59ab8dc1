import type { TokenResponse } from "@tokenflight/core";

/** One login and everything that was refreshed from it. */
export interface Session {
  readonly subject: string;
  readonly name: string;
  /** A refresh token was used after it was over, so that nothing of this session works any more. */
  ended: boolean;
}

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
  readonly #sessions = new Map<string, Session>();
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
    return this.#sessions.get(accessToken);
  }

  logIn(subject: string): TokenResponse {
    return this.#issue(newSession(subject, `login-${subject}-${this.#countOf(subject)}`), undefined);
  }

  /** Undefined: invalid_grant. */
  refresh(refreshToken: string): TokenResponse | undefined {
    const token = this.#refreshTokens.get(refreshToken);
    if (token === undefined) throw new Error("Somebody sent a refresh token that was never issued.");
    if (token.over) token.session.ended = true;
    if (token.session.ended) return undefined;
    if (this.#provider === "strict") token.over = true;
    // With a grace time, a refresh token works until a successor of it was used.
    else for (let parent = token.parent; parent?.over === false; parent = parent.parent) parent.over = true;
    return this.#issue(token.session, token);
  }

  /** A token of a grant that uses nothing up. */
  grant(subject: string): TokenResponse {
    const session = this.#grants.get(subject) ?? newSession(subject, `grant-${subject}`);
    this.#grants.set(subject, session);
    return this.#issue(session, undefined);
  }

  isOver(refreshToken: string): boolean {
    return this.#refreshTokens.get(refreshToken)?.session.ended !== false;
  }

  #issue(session: Session, parent: RefreshToken | undefined): TokenResponse {
    const { subject } = session;
    const count = this.#countOf(subject);
    this.issued.set(subject, count);
    const response: TokenResponse = { access_token: `access-${subject}-${count}`, expires_in: this.#lifetime };
    this.#sessions.set(response.access_token, session);
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
  return { subject, name, ended: false };
}
