import { StoreError, TokenflightError } from "@tokenflight/core";

/** The primary result code (https://sqlite.org/rescode.html), without what the extended code adds. Undefined for other errors. */
function resultCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : undefined;
}

const busy = 5;
const readOnly = 8;
const corrupt = 11;
const lockingProtocol = 15;
const notADatabase = 26;

/** Somebody else is writing, or many connections are opening the file at once: the same will do in a moment. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === busy || code === lockingProtocol;
}

export function isReadOnly(error: unknown): boolean {
  return resultCode(error) === readOnly;
}

/** What a caller is told of an error of SQLite's or the file system's. Values never stand in their messages. */
export function toStoreError(error: unknown, path: string): TokenflightError {
  if (TokenflightError.is(error)) return error;
  const code = resultCode(error);
  if (code === corrupt || code === notADatabase) {
    return new StoreError("ERR_STORE_RECORD_INVALID", `${path} is not a SQLite database, or it is damaged.`, { cause: error });
  }
  const { errstr, message } = error as { errstr?: string; message?: string };
  return new StoreError("ERR_STORE_UNAVAILABLE", `The SQLite store ${path} failed: ${errstr ?? message}.`, { cause: error });
}
