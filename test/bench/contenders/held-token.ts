/** A login that somebody has already. */
export interface HeldToken {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Both in milliseconds since the UNIX epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** A token that is good for another hour; its text is as long as a short JWT. */
export function freshToken(name: string = "held"): HeldToken {
  const issuedAt = Date.now();
  return { accessToken: `${name}.${"a".repeat(200)}`, refreshToken: `${name}-refresh`, issuedAt, expiresAt: issuedAt + 3_600_000 };
}

/** A token of an hour that was over a second ago. */
export function expiredToken(name: string): HeldToken {
  const expiresAt = Date.now() - 1000;
  return { ...freshToken(name), issuedAt: expiresAt - 3_600_000, expiresAt };
}
