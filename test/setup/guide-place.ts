/**
 * Where the programs of the guides are run. The tests beside them run twice: from the sources, and in the project `packaged` as an npm user has them, out of a
 * folder beside the packed packages.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";

/** Undefined in a project that installs nothing. */
const installed: string | undefined = inject("installed");

/** The folder with the programs. */
export const guides: string =
  installed === undefined ? fileURLToPath(new URL("../../examples/guides", import.meta.url)) : join(installed, "guides");

/** Packages of others that name their own sources by the condition `source` are not to be run from those. */
const ownSourcesOnly = new Set(["mcp"]);

/** Node's arguments for everything that imports our packages in that folder. */
export function guideFlags(program = ""): string[] {
  if (installed !== undefined) return [];
  return ownSourcesOnly.has(program) ? ["--import", new URL("../mcp/own-sources.ts", import.meta.url).href] : ["--conditions=source"];
}

/** Node's arguments for a program, by its name without an ending. */
export function guideArguments(program: string, ...given: readonly string[]): string[] {
  return [...guideFlags(program), join(guides, `${program}.ts`), ...given];
}
