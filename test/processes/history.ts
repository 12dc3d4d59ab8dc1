import { appendFileSync, readFileSync } from "node:fs";

/** What happened in one of several processes, or in the authorization server. Times are milliseconds since the UNIX epoch. */
export type HistoryEntry = { readonly at: number } & (
  | { readonly by: "server"; readonly did: "received"; readonly refreshToken: string }
  | { readonly by: "server"; readonly did: "issued"; readonly token: string }
  /** A token was given to a caller. `left` is the rest of its life, in milliseconds. */
  | { readonly by: string; readonly did: "handed-out"; readonly token: string; readonly left: number }
  /** The process has read that another one refreshes this generation. */
  | { readonly by: string; readonly did: "saw-intent"; readonly generation: number }
  /** The process has written a token set. */
  | { readonly by: string; readonly did: "stored"; readonly generation: number }
  /** The process has found a token set of another one in the store. */
  | { readonly by: string; readonly did: "adopted"; readonly generation: number }
);

type Unstamped<Entry> = Entry extends unknown ? Omit<Entry, "at"> : never;

/** A file to which every process appends a line for each thing that it does. A line is written at once and whole. */
export class History {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  note(entry: Unstamped<HistoryEntry>): void {
    appendFileSync(this.#path, `${JSON.stringify({ at: performance.timeOrigin + performance.now(), ...entry })}\n`);
  }

  /** In the order in which the lines were written. */
  read(): HistoryEntry[] {
    const lines = readFileSync(this.#path, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as HistoryEntry);
  }
}
