/** Why a request went without a token: another origin, credentials of the caller's own, no token cache for it, or nobody is logged in. */
export type WithoutTokenReason = "logged-out" | "no-cache" | "origin" | "own-credentials";

/** What an adapter notices although nothing failed. No event holds a secret. More types may follow: ignore those that you do not know. */
export type AdapterEvent =
  /** The token is sent to this origin over plain http, because `allowInsecureOrigins` names it. Told once for each attachment and origin. */
  | { readonly type: "insecure-origin"; readonly origin: string }
  /** A request went without a token. Told once a minute for each attachment, origin and reason. */
  | { readonly type: "request-without-token"; readonly origin: string; readonly reason: WithoutTokenReason }
  /** A refused request was sent again, and `outcome` is how that ended: with a response, or with another refusal, or with an error of the client's. */
  | { readonly type: "request-replayed"; readonly origin: string; readonly outcome: "accepted" | "failed" | "refused" };
