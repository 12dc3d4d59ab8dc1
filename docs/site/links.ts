import { posix } from "node:path";
import type { Page } from "./pages.ts";

/** Where links of the repository's pages lead on the site. */
export interface LinkRules {
  readonly pages: readonly Page[];
  /** The repository at its code host, such as `https://github.com/owner/name`; "" where package.json names none. */
  readonly repository: string;
}

// What code holds is no link, so code is found first, and left as it is.
const linksAndCode =
  /^(?<indent> *)(?<fence>`{3,}|~{3,})[^]*?^\k<indent>\k<fence>|(?<image>!?)\[(?<text>(?:[^\]`[]|`[^`]*`|\[[^\]]*\])*)\]\((?<link>[^)\s]+)\)|(?<ticks>`+)[^`][^]*?\k<ticks>/gm;

/** The same Markdown with links that lead to the site's pages. */
export function rewriteLinks(markdown: string, page: Page, rules: LinkRules): string {
  return markdown.replaceAll(linksAndCode, (whole: string, ...found: unknown[]) => {
    const { image, text, link } = found.at(-1) as Record<string, string | undefined>;
    if (link === undefined || text === undefined || image === "!") return whole;
    const { path, fragment } = split(link);
    const target = targetOf(path, page, rules.pages);
    if (target !== undefined) return `[${text}](${relative(page.target, target)}${fragment})`;
    if (/^(?:[a-z]+:|#)/.test(link)) return whole;
    const file = inRepository(path, page);
    return rules.repository === "" ? asText(text, file) : `[${text}](${rules.repository}/blob/HEAD/${file}${fragment})`;
  });
}

function split(link: string): { path: string; fragment: string } {
  const at = link.indexOf("#");
  return at === -1 ? { path: link, fragment: "" } : { path: link.slice(0, at), fragment: link.slice(at) };
}

function inRepository(path: string, page: Page): string {
  return posix.join(posix.dirname(page.source), path).replace(/\/$/, "");
}

/** A folder's page is its README, and that of a package of ours at the registry is its README here. */
function targetOf(path: string, page: Page, pages: readonly Page[]): string | undefined {
  if (path === "") return undefined;
  const name = /^https:\/\/www\.npmjs\.com\/package\/@tokenflight\/([\w-]+)$/.exec(path)?.[1];
  const file = name === undefined ? inRepository(path, page) : `packages/${name}`;
  return pages.find(({ source }) => source === file || source === `${file}/README.md`)?.target;
}

function relative(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}

/** Without a repository to lead to, a reader is told which file it is. */
function asText(text: string, file: string): string {
  return text.includes(posix.basename(file)) ? text : `${text} (\`${file}\`)`;
}
