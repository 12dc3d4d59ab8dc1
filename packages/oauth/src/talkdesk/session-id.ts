import type { TokenSet } from "@tokenflight/core";

/** The id of the Talkdesk session that the user of these tokens logged in with; undefined for an account's tokens. */
export function sessionIdOf(tokens: TokenSet): string | undefined {
  const { sid } = tokens.extra;
  return typeof sid === "string" && sid !== "" ? sid : undefined;
}
