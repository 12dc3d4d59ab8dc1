import { expect, it } from "vitest";
import { gatherRows, type FileResult } from "./fault-table.ts";

type Result = FileResult["assertionResults"][number];

const test = (title: string, group?: string, more: Partial<Result> = {}): Result => ({
  ancestorTitles: ["suite"],
  title,
  status: "passed",
  meta: group === undefined ? {} : { faultRow: { group, fault: title, expected: "nothing", counts: { runs: 1 } } },
  ...more,
});

const file = (name: string, ...assertionResults: Result[]): FileResult => ({ name: `/root/${name}`, assertionResults });

it("gathers rows by group: processes first, then agents, then faults by file, in the order of the tests", () => {
  const { groups, notRun } = gatherRows(
    [
      file("test/faults/b.test.ts", test("three", "B")),
      file("test/other/x.test.ts", test("no", "B")),
      file("test/faults/a.test.ts", test("two", "B"), test("four", "A")),
      file("test/mcp/agents-m.test.ts", test("agents", "M")),
      file("test/processes/p.test.ts", test("one", "P")),
    ],
    "/root/",
  );
  expect([...groups].map(([name, rows]) => [name, rows.map((row) => row.fault)])).toEqual([
    ["P", ["one"]],
    ["M", ["agents"]],
    ["B", ["two", "three"]],
    ["A", ["four"]],
  ]);
  expect(notRun).toEqual([]);
});

it("names a row by its title, and by its suite, too, where the title alone would run another one", () => {
  const { groups } = gatherRows(
    [file("test/faults/a.test.ts", test("it's cut (once)", "A"), test("cut", "A"), test("rest", "A"))],
    "/root/",
  );
  expect(groups.get("A")?.map(({ alone }) => alone)).toEqual([
    String.raw`test/faults/a.test.ts -t 'it.s cut \(once\)'`,
    "test/faults/a.test.ts -t 'suite cut'",
    "test/faults/a.test.ts -t 'rest'",
  ]);
});

it("says what was not run, and why", () => {
  const skipped = test("killed", undefined, { ancestorTitles: ["crashes (not run: no redis-server)"], status: "skipped" });
  const { notRun } = gatherRows([file("test/faults/a.test.ts", skipped, test("no row, and passed"))], "/root/");
  expect(notRun).toEqual([{ alone: String.raw`test/faults/a.test.ts -t 'killed'`, reason: "not run: no redis-server" }]);
});
