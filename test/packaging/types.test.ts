import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, inject, it } from "vitest";
import { cellsOf, compilers, excuseOf, type CompilerVersion } from "./types/cells.ts";
import { writePrograms, type Complaint } from "./types/compile.ts";
import { isFullRun } from "../setup/repetitions.ts";

const folder = inject("installed");
const compile = fileURLToPath(new URL("types/compile.ts", import.meta.url));

beforeAll(() => writePrograms(folder));

async function complaintsOf(version: CompilerVersion): Promise<Map<string, readonly Complaint[]>> {
  const child = spawn(process.execPath, ["--conditions=source", compile, version, folder], { stdio: ["ignore", "pipe", "inherit"] });
  return new Map(JSON.parse(await text(child.stdout)) as [string, Complaint[]][]);
}

/** In an ordinary run the oldest and the newest. */
const versions = (Object.keys(compilers) as CompilerVersion[]).filter((version) => isFullRun || ["5.0", "7"].includes(version));

it.concurrent.each(versions)("TypeScript %s takes the types of every package in every setting", async (version) => {
  const complaints = await complaintsOf(version);
  const cells = cellsOf(version);
  const unexcused = cells.flatMap((cell) =>
    (complaints.get(cell.name) ?? [])
      .filter(({ where }) => excuseOf(version, cell, where) === undefined)
      .map(({ at, what }) => `${cell.name}: ${at} ${what}`),
  );

  expect(unexcused).toEqual([]);
  expect([...complaints.keys()]).toEqual(cells.map(({ name }) => name));
  // An excuse that is no longer needed is to be taken away.
  for (const cell of cells) {
    const excused = ["got", "ky"].filter((name) => excuseOf(version, cell, name) !== undefined);
    const wrong = new Set(complaints.get(cell.name)?.map(({ where }) => where));
    expect([cell.name, excused.filter((name) => !wrong.has(name))]).toEqual([cell.name, []]);
  }
});
