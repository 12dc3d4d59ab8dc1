import { randomUUID } from "node:crypto";
import { closeSync, linkSync, mkdirSync, openSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** What a file system says that has no hard links: there the file is made in place. */
const withoutLinks: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/**
 * Makes an empty file of mode 0600 when there is none, in folders of mode 0700 where there are none. SQLite would make it readable for
 * everybody; its -wal and -shm files take the mode of this one. What exists already keeps its mode.
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
    // What is there already was made by another process or thread that was faster, or is a symbolic link to a file that is missing.
    const isDangling = code === "EEXIST" && statSync(path, { throwIfNoEntry: false }) === undefined;
    if (isDangling || withoutLinks.has(code)) closeSync(openSync(path, "a", 0o600));
    else if (code !== "EEXIST") throw error;
  } finally {
    rmSync(draft);
  }
}

/** Tells two files apart that had the same path one after the other. Undefined when there is none. */
export function fileIdentity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}
