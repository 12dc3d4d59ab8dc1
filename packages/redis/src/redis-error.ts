import { StoreError, TokenflightError } from "@tokenflight/core";

/** What a caller is told of a client's error. What Redis, its client or TLS said is the cause. */
export function toStoreError(error: unknown, trouble?: Error): TokenflightError {
  if (TokenflightError.is(error)) return error;
  const cause = copyOf(error);
  // A client that has given up says only how often it has tried; why is what its connection said.
  if (cause.cause === undefined && trouble !== undefined && trouble.message !== cause.message) cause.cause = trouble;
  const told = cause.message || ownText(error, "code") || "its client gave no reason";
  return new StoreError("ERR_STORE_UNAVAILABLE", `The Redis store failed: ${told.replace(/\.$/, "")}.`, { cause });
}

/**
 * A copy of a client's error: its name, code and message, and those of what is behind it. The error itself is not kept, because ioredis hangs the
 * command's arguments on it, the token set among them.
 */
export function copyOf(error: unknown, depth = 0): Error {
  const copy = new Error(cleaned(ownText(error, "message") ?? ""));
  copy.name = ownText(error, "name") ?? "Error";
  const code = ownText(error, "code");
  if (code !== undefined) Object.assign(copy, { code });
  const { cause, lastNodeError, errors } = (error ?? {}) as { cause?: unknown; lastNodeError?: unknown; errors?: unknown };
  // A cluster's error has that of the last node; several addresses of one name have one each.
  const behind = cause ?? lastNodeError ?? (Array.isArray(errors) ? errors[0] : undefined);
  if (behind instanceof Error && depth < 4) copy.cause = copyOf(behind, depth + 1);
  return copy;
}

export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

/** Takes out what is, or may be, a secret: the arguments that Redis quotes when it does not know a command, and the password of a URL. */
function cleaned(message: string): string {
  return message
    .replace(/,? with args beginning with.*/s, "")
    .replaceAll(/([a-z][\w+.-]*:\/\/)[^\s/]*@/gi, "$1***@")
    .trim()
    .slice(0, 300);
}

function ownText(error: unknown, name: "message" | "name" | "code"): string | undefined {
  const value = (error as Partial<Record<string, unknown>> | undefined | null)?.[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
