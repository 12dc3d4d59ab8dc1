import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readContents } from "../../docs/site/contents.ts";
import { folders } from "../../docs/site/folders.ts";
import { rewriteLinks } from "../../docs/site/links.ts";
import { readPages } from "../../docs/site/pages.ts";
import { deadLinks, hostedPage, missingFiles, readHosted } from "./code-host.ts";

const pages = readPages();
const sources = pages.map(({ source }) => source);

it("every page is on the site", () => {
  expect(pages.length).toBeGreaterThan(35);
  expect(pages.filter(({ target }) => !existsSync(`${folders.html}/${target.replace(/md$/, "html")}`))).toEqual([]);
  expect(new Set(pages.map(({ target }) => target)).size).toBe(pages.length);
});

it("docs/README.md names every page once, so that the sidebar and llms.txt have it", () => {
  const listed = readContents().flatMap(({ entries }) => entries.map(({ source }) => source));
  // The two that lead to all others.
  const wanted = sources.filter((source) => source !== "README.md" && source !== "docs/README.md");
  expect({
    missing: wanted.filter((source) => !listed.includes(source)),
    unknown: listed.filter((source) => !wanted.includes(source)),
    twice: listed.filter((source, index) => listed.indexOf(source) < index),
  }).toEqual({ missing: [], unknown: [], twice: [] });
});

describe("links in the repository", () => {
  it.each(sources)("%s leads to files and headings that are there", (source) => {
    expect(deadLinks(source)).toEqual([]);
  });

  it.each(sources)("%s names files that are there", (source) => {
    expect(missingFiles(readHosted(source))).toEqual([]);
  });

  it("a file, a folder or an anchor that is not there is found", () => {
    const text =
      "# One\n\n[a](gone.md) [b](../README.md#gone) [c](#one) [d](#two) [e](../examples/tabs) ![f](images/gone.png)\n\n`[g](gone.md)`\n";
    expect(deadLinks("docs/errors.md", hostedPage(text))).toEqual(["gone.md", "../README.md#gone", "#two", "images/gone.png"]);
    expect(missingFiles(hostedPage("`test/gone.test.ts` `test/site` `test/oauth/talkdesk*.test.ts` `test/gone/*.ts`"))).toEqual([
      "test/gone.test.ts",
      "test/gone/*.ts",
    ]);
  });
});

describe("a link of the repository, on the site", () => {
  const page = { source: "docs/guides/mcp.md", target: "guides/mcp.md" };
  const onSite = (text: string, repository = ""): string => rewriteLinks(text, page, { pages, repository });

  it.each([
    ["[errors](../errors.md#codes)", "[errors](../errors.md#codes)"],
    ["[the package](../../packages/mcp/README.md)", "[the package](../packages/mcp.md)"],
    ["[`core`](../../packages/core)", "[`core`](../packages/core.md)"],
    ["[core](https://www.npmjs.com/package/@tokenflight/core)", "[core](../packages/core.md)"],
    ["[another](https://www.npmjs.com/package/oauth4webapi)", "[another](https://www.npmjs.com/package/oauth4webapi)"],
    ["[below](#below)", "[below](#below)"],
    ["`[code](../errors.md)` [e](../errors.md)", "`[code](../errors.md)` [e](../errors.md)"],
    [
      "```md\n[core](../../packages/core)\n```\n[core](../../packages/core)",
      "```md\n[core](../../packages/core)\n```\n[core](../packages/core.md)",
    ],
    ["![picture](../images/a.png)", "![picture](../images/a.png)"],
    ['<img alt="" src="../images/a.png">', '<img alt="" src="../images/a.png">'],
  ])("%j becomes %j", (text, expected) => {
    expect(onSite(text)).toBe(expected);
  });

  it("an image of the first page is found, too", () => {
    const home = { source: "README.md", target: "index.md" };
    const text = '![a](docs/images/a.svg) <img src="docs/images/a.svg"> ![b](https://host/b.svg)';
    expect(rewriteLinks(text, home, { pages, repository: "" })).toBe(
      '![a](./images/a.svg) <img src="./images/a.svg"> ![b](https://host/b.svg)',
    );
  });

  it("a file that is no page is named, or leads to the repository where there is one", () => {
    const link = "[the program](../../examples/guides/mcp.ts#L3)";
    expect(onSite(link)).toBe("the program (`examples/guides/mcp.ts`)");
    expect(onSite("[`mcp.ts`](../../examples/guides/mcp.ts)")).toBe("`mcp.ts`");
    expect(onSite(link, "https://host/a/b")).toBe("[the program](https://host/a/b/blob/HEAD/examples/guides/mcp.ts#L3)");
  });
});
