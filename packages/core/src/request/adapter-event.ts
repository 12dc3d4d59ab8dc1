/** What an adapter notices although nothing failed. No event holds a secret. More types may follow: ignore those that you do not know. */
export type AdapterEvent =
  /** The token is sent to this origin over plain http, because `allowInsecureOrigins` names it. Told once for each attachment and origin. */
  { readonly type: "insecure-origin"; readonly origin: string };
