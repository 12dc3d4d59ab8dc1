import { StoreError } from "@tokenflight/core";
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isBusy } from "./sqlite-error.ts";

const nameForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A file that is not locked yet has this ending. Left behind, it is removed after a minute. */
const unlocked = ".new";
const draftLife = 60_000;
/** Locks of this thread. One that nothing reached any more, the garbage collector would let go. */
const locks = new Set<DatabaseSync>();
/** Files of others that are looked at when a holder begins. */
const atOnce = 100;
/** Milliseconds. */
const aliveFor = 50;

interface Held {
  readonly name: string;
  readonly file: string;
  readonly lock: DatabaseSync;
}

/**
 * Who holds a store open, as the operating system knows: each holder has a file of its own in a folder beside the database, which a connection of SQLite's
 * keeps locked for as long as the holder's process, or worker thread, lives. The file gets its name when it is locked, so that whoever finds it
 * unlocked knows that its holder has ended.
 */
export class Holders {
  readonly #path: string;
  /** Every name that this one has had. None has two files, one after the other: whoever has found the first one's lock free may only now remove it. */
  readonly #names = new Set<string>();
  /** Who was found alive, until when that needs no further look: many may wait for one holder. */
  readonly #alive = new Map<string, number>();
  #held: Held | undefined;

  /** `path` is the database's. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Takes the lock when it is asked for first, and again, under another name, when the file was removed or is of no use any more. Throws a StoreError when no file can be made. */
  hold(): string {
    try {
      return this.#hold();
    } catch (error) {
      if (error instanceof StoreError || isBusy(error)) throw error;
      const told = `No file can be made in ${this.#path}-holders, by which others could tell whether this process lives.`;
      throw new StoreError("ERR_STORE_UNAVAILABLE", told, { cause: error });
    }
  }

  #hold(): string {
    const folder = this.#folder();
    // The path may be a link that leads to another file by now, beside which everybody looks.
    const { file = "", name: known = "" } = this.#held ?? {};
    if (dirname(file) === folder && statSync(file, { throwIfNoEntry: false }) !== undefined) return known;
    this.release();
    const { name } = (this.#held = this.#take(folder));
    removeDead(folder, name);
    return name;
  }

  /** False for one that lives, and for one of whom nobody can say. */
  isGone(name: string): boolean {
    if (this.#names.has(name) || !nameForm.test(name)) return false;
    const now = performance.now();
    if ((this.#alive.get(name) ?? 0) > now) return false;
    try {
      const folder = this.#folder();
      if (isTrusted(folder, this.#path) && removeIfDead(join(folder, name))) return true;
    } catch {
      // Nobody can say.
    }
    if (this.#alive.size >= atOnce) this.#alive.clear();
    this.#alive.set(name, now + aliveFor);
    return false;
  }

  release(): void {
    if (this.#held === undefined) return;
    const { file, lock } = this.#held;
    this.#held = undefined;
    // While it is locked, where the system lets a file be removed that is open. A holder without a file is gone as well.
    remove(file);
    locks.delete(lock);
    lock.close();
    remove(file);
    try {
      rmdirSync(dirname(file));
    } catch {
      // Others have their files in it.
    }
  }

  #folder(): string {
    return `${realpathSync(this.#path)}-holders`;
  }

  #take(folder: string): Held {
    const name = randomUUID();
    const file = join(folder, name);
    const draft = file + unlocked;
    makeDraft(draft, folder, this.#path);
    shareWithOwner(draft, this.#path, 0o600);
    const lock = new DatabaseSync(draft);
    try {
      // Nothing is ever written: a journal would be a second file, of the draft's name.
      lock.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      renameSync(draft, file);
      locks.add(lock);
      this.#names.add(name);
      return { name, file, lock };
    } catch (error) {
      lock.close();
      remove(draft);
      throw error;
    }
  }
}

/** True when the file is there no more, or was not locked and has been removed. Throws when nobody can say. */
function removeIfDead(file: string): boolean {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return true;
  let reader: DatabaseSync | undefined;
  try {
    reader = new DatabaseSync(file, { readOnly: true });
    reader.exec("PRAGMA busy_timeout = 0");
    reader.prepare("SELECT count(*) FROM sqlite_schema").get();
  } catch (error) {
    if (isBusy(error)) return false;
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return true;
    throw error;
  } finally {
    reader?.close();
  }
  remove(file);
  return true;
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Whoever may removes it.
  }
}

function removeDead(folder: string, own: string): void {
  for (const name of readdirSync(folder).slice(0, atOnce)) {
    const file = join(folder, name);
    try {
      const isDraft = name.endsWith(unlocked);
      if (isDraft && Date.now() - statSync(file).mtimeMs > draftLife) rmSync(file);
      else if (name !== own && nameForm.test(name)) removeIfDead(file);
    } catch {
      // Another one removes it.
    }
  }
}

/** The last one who leaves removes the folder, perhaps at this moment. */
function makeDraft(draft: string, folder: string, database: string): void {
  for (let attempt = 1; ; attempt += 1) {
    makeFolder(folder, database);
    try {
      return closeSync(openSync(draft, "w", 0o600));
    } catch (error) {
      if (attempt === 3 || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

function makeFolder(folder: string, database: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
    shareWithOwner(folder, database, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if (isTrusted(folder, database)) return;
  throw new StoreError("ERR_STORE_UNAVAILABLE", `${folder} belongs to another user, who could say of everybody that they have ended.`);
}

/** Whether nobody but the users of the database could have made the folder. */
function isTrusted(folder: string, database: string): boolean {
  if (process.geteuid === undefined) return true;
  const found = statSync(folder, { throwIfNoEntry: false });
  return found === undefined || [0, process.geteuid(), statSync(database).uid].includes(found.uid);
}

/** Whoever may use the database may use what lies beside it: its owner, when root made this, and its group, when that may write the database. */
function shareWithOwner(path: string, database: string, mode: number): void {
  if (process.geteuid === undefined) return;
  const { mode: given, uid, gid } = statSync(database);
  try {
    if (process.geteuid() === 0) chownSync(path, uid, gid);
    else if ((given & 0o020) !== 0) chownSync(path, process.geteuid(), gid);
    if ((given & 0o020) !== 0) chmodSync(path, mode | ((mode & 0o700) >> 3));
  } catch {
    // Then nobody else can tell whether this holder lives.
  }
}
