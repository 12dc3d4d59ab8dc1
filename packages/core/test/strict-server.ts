import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import type { TokenResponse } from "../src/tokens/token-response.ts";

/** What becomes of one token request. Only the first two reach the server's books. */
export type Fate = "answered" | "answer-lost" | "not-sent" | "throttled";

/** The strictest of authorization servers: each refresh token may be used once, and a second use ends everything. */
export class StrictServer {
  /** Refresh tokens that were seen twice. */
  readonly seenTwice: string[] = [];
  issued = 0;
  readonly #seen = new Set<string>();
  #ended = false;

  logIn(): TokenResponse {
    this.#ended = false;
    return this.#issue();
  }

  refresh(refreshToken: string | undefined, fate: Fate): TokenResponse {
    if (fate === "not-sent") throw new TokenRequestError("not-sent", "Connection refused.");
    if (fate === "throttled") throw new TokenRequestError("throttled", "Later.", { status: 429, retryAfter: 2000 });
    if (refreshToken === undefined) throw new LoginRequiredError("There is no refresh token.");
    if (this.#seen.has(refreshToken)) {
      this.seenTwice.push(refreshToken);
      this.#ended = true;
    }
    this.#seen.add(refreshToken);
    if (this.#ended) throw new LoginRequiredError("The refresh token is over.", { error: "invalid_grant" });
    const response = this.#issue();
    if (fate === "answer-lost") throw new Error("socket hang up");
    return response;
  }

  #issue(): TokenResponse {
    this.issued += 1;
    return { access_token: `access-${this.issued}`, refresh_token: `refresh-${this.issued}`, expires_in: 600 };
  }
}
