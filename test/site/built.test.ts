import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readEntryPoints } from "../../docs/site/api.ts";
import { folders } from "../../docs/site/folders.ts";
import { addressOf, readPages } from "../../docs/site/pages.ts";
import { builtPage, deadOnSite, readBuilt } from "./built-page.ts";
import { exportsOf } from "./exports.ts";

const built = readBuilt();
const exists = (file: string): boolean => existsSync(folders.html + file);

describe("links on the site", () => {
  it.each(built.map((page) => [page.address, page] as const))("%s leads to pages, files and elements that are there", (_, page) => {
    expect(deadOnSite(page, built, exists)).toEqual([]);
    expect(page.links.length).toBeGreaterThan(4);
  });

  it("a page, a file or an element that is not there is found", () => {
    const page = builtPage(
      "/a/b",
      '<a href="/gone">1</a> <a href="/a/b#c">2</a> <a class="x" href="#d">3</a> <i id="d"></i> <img src="../gone.png"> <a href="./b">4</a>',
    );
    expect(deadOnSite(page, [page], () => false)).toEqual(["/gone", "/a/b#c", "../gone.png"]);
  });

  it("no two elements of a page have one id", () => {
    const double = built.filter(({ ids }) => new Set(ids).size < ids.length);
    expect(double.map(({ address, ids }) => [address, ids.filter((id, index) => ids.indexOf(id) < index)])).toEqual([]);
  });
});

describe("API reference", () => {
  it.each(readEntryPoints().map((entryPoint) => [entryPoint.specifier, entryPoint] as const))(
    "%s: every export is on its page",
    (_, { source, target }) => {
      const { ids } = built.find(({ address }) => address === addressOf(target)) ?? { ids: [] as string[] };
      expect(exportsOf(source).filter((name) => !ids.includes(name.toLowerCase()))).toEqual([]);
    },
  );

  it("exports are found", () => {
    // A list, a declaration, and `export *`.
    expect(exportsOf("packages/core/src/index.ts")).toEqual(expect.arrayContaining(["createTokenCache", "TokenSource"]));
    expect(exportsOf("packages/oauth/src/providers/profiles.ts")).toEqual(expect.arrayContaining(["ProviderName", "profiles", "dropbox"]));
  });
});

describe("llms.txt", () => {
  const text = readFileSync(`${folders.html}/llms.txt`, "utf8");
  const links = [...text.matchAll(/\]\((\/[^)]+\.md)\)/g)].map(([, link = ""]) => link);

  it("names every page and every entry point, whose Markdown is there", () => {
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter((link) => !exists(link))).toEqual([]);
    const pages = [...readPages(), ...readEntryPoints()].map(({ target }) => `/${target}`);
    expect(pages.filter((page) => page !== "/contents.md" && !links.includes(page))).toEqual([]);
  });

  it("has the form that llmstxt.org describes", () => {
    expect(text).toMatch(/^# Tokenflight\n\n> .+\n\n[^#]+\n## /);
    expect(text).toMatch(/^## Optional$/m);
    for (const section of text.split(/^## .+\n/m).slice(1)) expect(section).toMatch(/^\n(?:- \[[^\]]+\]\([^)]+\)(?:: .+)?\n)+\n?$/);
  });

  it("llms-full.txt has the guides whole", () => {
    const full = readFileSync(`${folders.html}/llms-full.txt`, "utf8");
    for (const { target } of readPages().filter(({ source }) => source.startsWith("docs/guides/")))
      expect(full).toContain(readFileSync(`${folders.markdown}/${target}`, "utf8").trim());
  });
});
