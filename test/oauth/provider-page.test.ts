import { readFileSync } from "node:fs";
import { profiles } from "@tokenflight/oauth/profiles";
import { expect, it } from "vitest";
import { providersPage, providerTable, withProviderTable } from "../run/provider-table.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

it("oauth's README has the table that the profiles make (field line 105)", () => {
  const readme = read("packages/oauth/README.md");
  expect(withProviderTable(readme)).toBe(readme);
  expect(providerTable().split("\n")).toHaveLength(Object.keys(profiles).length + 2);
});

it("docs/providers.md has the sources that the profiles name", () => {
  expect(read("docs/providers.md")).toBe(providersPage());
});
