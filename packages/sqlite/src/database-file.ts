import { StoreError } from "@tokenflight/core";
import { randomUUID } from "node:crypto";
import { chmodSync, closeSync, linkSync, mkdirSync, openSync, readlinkSync, realpathSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** What a file system says that has no hard links: there SQLite makes the file, in place. */
const withoutLinks: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

const othersBits = 0o007;
const groupBits = 0o070;

/**
 * Makes an empty file of mode 0600 when there is none, in folders of mode 0700 where there are none. SQLite would make it readable for
 * everybody; its -wal and -shm files take the mode of this one.
 *
 * The file is made under another name and linked into place: to close a file descriptor of the database drops every lock that this
 * process holds on it, those of other threads included (https://sqlite.org/howtocorrupt.html, section 2.2).
 */
export function ensureFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  closeSync(openSync(draft, "wx", 0o600));
  try {
    linkSync(draft, path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (withoutLinks.has(code)) makeInPlace(path);
    else if (code !== "EEXIST") throw error;
    // What is there already was made by another process or thread that was faster, or is a symbolic link to a file that is missing.
    else if (statSync(path, { throwIfNoEntry: false }) === undefined) ensureFile(targetOf(path));
  } finally {
    rmSync(draft);
  }
}

/** SQLite keeps the locks of other threads when it closes a file. */
function makeInPlace(path: string): void {
  new DatabaseSync(path).close();
  try {
    chmodSync(path, 0o600);
  } catch {
    // Such a file system may have no modes.
  }
}

/** What a symbolic link leads to; the path itself where there is none any more. */
function targetOf(path: string): string {
  try {
    return resolve(realpathSync(dirname(path)), readlinkSync(path));
  } catch {
    return path;
  }
}

/**
 * Throws a StoreError for a file that every user of the machine may read or write and that is another user's: we cannot close it, and do not know who
 * has been in it. Changes nothing.
 */
export function refuseUnsafeFile(path: string): void {
  const { mode, uid, isFile } = look(path);
  if (!isFile) throw new StoreError("ERR_STORE_UNAVAILABLE", `${path} is not a file. It was left as it is.`);
  if (process.geteuid === undefined || (mode & othersBits) === 0 || uid === process.geteuid()) return;
  const told = `${path} belongs to another user and every user may open it (mode ${octal(mode)}). It was refused: its owner has to make it 0600.`;
  throw new StoreError("ERR_STORE_UNAVAILABLE", told);
}

/**
 * Gives a file of ours that every user may open, and its log, mode 0600. What its group may do is left as it is. Returns the mode, as text,
 * of a file that its group may open. Undefined for the others.
 */
export function makePrivate(path: string): string | undefined {
  if (process.geteuid === undefined) return undefined;
  const { mode } = look(path);
  if ((mode & othersBits) === 0) return (mode & groupBits) === 0 ? undefined : octal(mode);
  const file = realpathSync(path);
  for (const ending of ["", "-wal", "-shm"]) {
    if (statSync(file + ending, { throwIfNoEntry: false }) !== undefined) chmodSync(file + ending, 0o600);
  }
  return undefined;
}

/** Tells two files apart that had the same path one after the other. Undefined when there is none. */
export function fileIdentity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}

/** The part of an identity that is the same in every container which has the file at some path. */
export function inodeOf(identity: string | undefined): string {
  return identity?.split(":")[1] ?? "";
}

function look(path: string): { mode: number; uid: number; isFile: boolean } {
  const found = statSync(path);
  return { mode: found.mode, uid: found.uid, isFile: found.isFile() };
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}
