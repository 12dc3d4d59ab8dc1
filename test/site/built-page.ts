import { globSync, readFileSync } from "node:fs";
import { folders } from "../../docs/site/folders.ts";

/** A page as a browser gets it. */
export interface BuiltPage {
  /** Such as `/guides/mcp`. */
  readonly address: string;
  readonly ids: readonly string[];
  readonly links: readonly string[];
}

export function readBuilt(): BuiltPage[] {
  return globSync("**/*.html", { cwd: folders.html }).map((file) =>
    builtPage(addressOf(file), readFileSync(`${folders.html}/${file}`, "utf8")),
  );
}

export function builtPage(address: string, html: string): BuiltPage {
  const values = (pattern: RegExp): string[] => [...html.matchAll(pattern)].map(([, value = ""]) => value.replaceAll("&amp;", "&"));
  return { address, ids: values(/<[^>]*\sid="([^"]*)"/g), links: values(/<(?:a|img|link|script)\b[^>]*\s(?:href|src)="([^"]*)"/g) };
}

function addressOf(file: string): string {
  return `/${file.replace(/(?:^|(?<=\/))index\.html$|\.html$/, "")}`;
}

/** The links of a page that lead to no page, file or element of the site. Addresses elsewhere are not asked. */
export function deadOnSite(page: BuiltPage, pages: readonly BuiltPage[], exists: (file: string) => boolean): string[] {
  return page.links.filter((link) => {
    const { protocol, pathname, hash } = new URL(link, `site:${page.address}`);
    if (protocol !== "site:") return false;
    const found = pages.find(({ address }) => address === decodeURI(pathname));
    if (found === undefined) return !exists(pathname);
    return hash !== "" && !found.ids.includes(decodeURIComponent(hash.slice(1)));
  });
}
