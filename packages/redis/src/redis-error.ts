import { StoreError, TokenflightError } from "@tokenflight/core";

/**
 * What a caller is told of a client's error. It is not kept as the cause: ioredis hangs the command's arguments on it, the token set
 * among them, and Redis quotes some of them when it does not know a command.
 */
export function toStoreError(error: unknown): TokenflightError {
  if (TokenflightError.is(error)) return error;
  const { message, code } = error as { message?: string; code?: string };
  const told = (message ?? "").replace(/,? with args beginning with.*/s, "").trim() || code || "its client gave no reason";
  return new StoreError("ERR_STORE_UNAVAILABLE", `The Redis store failed: ${told.replace(/\.$/, "")}.`);
}

export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}
