/** Most readers of a guide have come from npm, and have no checkout of this repository. */
import { globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { blocksOf } from "../packaging/pages/blocks.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const guides = globSync("docs/guides/*.md", { cwd: root }).map((page) => ({ page, text: readFileSync(`${root}/${page}`, "utf8") }));

/** What comes with a framework that the reader has, with the platform, or with the packages that the page installs. */
const there = new Set(["next", "react", "cloudflare:workers", "rxjs", "@nestjs/common", "@nestjs/core", "@nestjs/platform-express"]);
/** What the reader moves away from is installed already; so is what tests of one runner import. */
const others = new Set(["axios-auth-refresh", "simple-oauth2", "google-auth-library", "@jest/globals"]);

function packageOf(module: string): string {
  const [first = "", second = ""] = module.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}

function importedBy(page: string, text: string): Set<string> {
  const modules = blocksOf(page, text).flatMap((block) => [...block.text.matchAll(/\bfrom "([^"]+)"/g)].map(([, module = ""]) => module));
  const packages = modules.filter((module) => !/^(?:\.|node:)/.test(module)).map(packageOf);
  return new Set(packages.filter((name) => !there.has(name) && !others.has(name) && !builtinModules.includes(name)));
}

it.each(guides)("$page says what to install, all that its programs import", ({ page, text }) => {
  const installed = new Set([...text.matchAll(/npm install ([^`\n]+)/g)].flatMap(([, names = ""]) => names.split(/[\s`]+/)));
  expect([...importedBy(page, text)].filter((name) => !installed.has(name))).toEqual([]);
});

it.each(guides)("$page says first how its programs are run by a user, then how in this repository", ({ text }) => {
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    if (!/--conditions=source|own-sources/.test(line)) continue;
    expect(line).toMatch(/In this repository /);
    const program = basename(/examples\/guides\/([\w-]+\.ts)/.exec(line)?.[1] ?? "");
    expect(lines.slice(0, index).some((before) => /^(?:\w+=\S+ )*node /.test(before) && before.endsWith(` ${program}`))).toBe(true);
  }
});
