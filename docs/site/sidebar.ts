import type { DefaultTheme } from "vitepress";
import { readEntryPoints } from "./api.ts";
import { readContents, type Entry } from "./contents.ts";
import { addressOf, type Page } from "./pages.ts";

/** The groups of docs/README.md, with the API reference of each package beneath the package. */
export function sidebarOf(pages: readonly Page[]): DefaultTheme.SidebarItem[] {
  return readContents().map(({ title, entries }) => ({ text: title, items: entries.map((entry) => itemOf(entry, pages)) }));
}

function itemOf({ title, source }: Entry, pages: readonly Page[]): DefaultTheme.SidebarItem {
  const page = pages.find((candidate) => candidate.source === source);
  if (page === undefined) throw new Error(`docs/README.md: there is no ${source}.`);
  const folder = /^packages\/([\w-]+)\//.exec(source)?.[1];
  const api = readEntryPoints().filter((entryPoint) => entryPoint.folder === folder);
  return {
    text: title.replaceAll("`", ""),
    link: addressOf(page.target),
    ...(api.length > 0 && {
      collapsed: true,
      items: api.map(({ specifier, target }) => ({ text: `API of ${specifier.replace("@tokenflight/", "")}`, link: addressOf(target) })),
    }),
  };
}
