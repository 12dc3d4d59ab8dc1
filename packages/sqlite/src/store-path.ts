import { InvalidOptionError, kindOf } from "@tokenflight/core";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** What SQLite calls a database that is in no file. */
export const inMemory = ":memory:";

/** The absolute path of the file that the option `path` means, or `inMemory`. Throws InvalidOptionError, which says what to write instead. */
export function readPath(given: unknown): string {
  if (given instanceof URL) return pathOf(given);
  if (typeof given !== "string" || given === "") throw wrongPath(kindOf(given));
  if (given === inMemory) return inMemory;
  if (given.startsWith("file:")) throw wrongPath(`the text of a URL, "${given}": write new URL(...), or the path alone`);
  if (given.includes("\0")) throw wrongPath("one with a NUL");
  if (/^~(?:[/\\]|$)/.test(given)) return join(homedir(), given.slice(1));
  if (/^~[^/\\]*[/\\]/.test(given)) throw wrongPath(`"${given}": only "~/" is a home directory here, and "./~" begins a name with a tilde`);
  return resolve(given);
}

function pathOf(url: URL): string {
  if (url.protocol !== "file:") throw wrongPath(`a URL of ${url.protocol}`);
  if (url.search !== "" || url.hash !== "") throw wrongPath("a URL with a query or a fragment: make it with pathToFileURL(path)");
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw wrongPath(`a URL that is no path: ${(error as Error).message}`);
  }
}

function wrongPath(got: string): InvalidOptionError {
  return new InvalidOptionError("path", `the path of a file, a file URL or "${inMemory}"`, got);
}
