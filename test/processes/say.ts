import { writeSync } from "node:fs";

/** Prints a line before it goes on, whatever becomes of the process then. */
export function say(line: string): void {
  writeSync(1, `${line}\n`);
}
