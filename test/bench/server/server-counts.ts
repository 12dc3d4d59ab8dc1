/** What a server saw since it was reset. */
export interface ServerCounts {
  /** Requests to the API. */
  readonly requests: number;
  /** Those of them that were answered by 401. */
  readonly refused: number;
  readonly tokenRequests: number;
  /** When each token request arrived, in milliseconds since the UNIX epoch. */
  readonly tokenRequestTimes: readonly number[];
  /** Logins that are dead because a refresh token was used twice. */
  readonly familiesRevoked: number;
}

/** How a server behaves from a reset on. */
export interface ServerMode {
  /** Seconds that access tokens live. */
  readonly lifetime: number;
  /** Milliseconds that a token request takes. */
  readonly tokenDelay: number;
  /** Whether each use of a refresh token gives a new one, and a second use of the old one ends the login. */
  readonly rotate: boolean;
  /** Access tokens that are taken although the server did not issue them. */
  readonly accepts: readonly string[];
}
