/** docs/comparison.md: each cell is what a run of the library answers, or what stands in the line that it names. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { limitConnections } from "../contenders/clients/connections.ts";
import { contestants } from "./contestants.ts";
import { better, besides } from "./statements.ts";
import { answersOf, rowsOf, withStatements } from "./tables.ts";

const page = readFileSync(new URL("../../../docs/comparison.md", import.meta.url), "utf8");
const packages = fileURLToPath(new URL("../node_modules/", import.meta.url));
/** The cells of each row, whatever the widths of the columns. */
const rows = page.split("\n").map((line) => line.split(/\s*\|\s*/).slice(1, -1));

limitConnections();

describe("the comparison", () => {
  it.concurrent.each(contestants)("has what $name did", async (contestant) => {
    const answers = await answersOf(contestant);
    for (const row of rowsOf(contestant, answers)) expect(rows).toContainEqual(row);
  });

  it("has the statements, their sources and the versions that are installed", () => {
    expect(withStatements(page)).toBe(page);
  });

  it.each([...better, ...besides].flatMap(({ sources }) => sources))(
    "$package $file:$line has $text",
    ({ package: name, file, line, text }) => {
      const lines = readFileSync(`${packages}${name}/${file}`, "utf8").split("\n");
      expect(lines[line - 1]).toContain(text);
    },
  );
});
