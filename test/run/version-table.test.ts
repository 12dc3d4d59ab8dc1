import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { withVersionTable } from "./version-table.ts";
import { withinMarks } from "./page-parts.ts";

it("docs/versions.md has the versions that are installed and the ranges that are published", () => {
  const page = readFileSync(new URL("../../docs/versions.md", import.meta.url), "utf8");

  expect(withVersionTable(page)).toBe(page);
});

it("a page without a place for the table, or with one that does not end, is an error", () => {
  for (const page of ["", "<!-- by me -->\n\nold", "<!-- by me -->\n\n<!-- by me -->\n\nold\n\n<!-- Its end. -->"]) {
    expect(() => withinMarks(page, "by me", "new")).toThrow("There is no place for a text of its own on the page: by me");
  }
  expect(withinMarks("a <!-- by me -->\n\nold\n\n<!-- Its end. --> b", "by me", "new")).toBe(
    "a <!-- by me -->\n\nnew\n\n<!-- Its end. --> b",
  );
});
