import { posix } from "node:path";
import type { Page } from "./pages.ts";

/** Where links of the repository's pages lead on the site. */
export interface LinkRules {
  readonly pages: readonly Page[];
  /** The repository at its code host, such as `https://github.com/owner/name`; "" where package.json names none. */
  readonly repository: string;
}

// What code holds is no link, so code is found first, and left as it is.
const code = /^(?<indent> *)(?<fence>`{3,}|~{3,})[^]*?^\k<indent>\k<fence>|(?<ticks>`+)[^`][^]*?\k<ticks>/;
const markdownLink = /(?<image>!?)\[(?<text>(?:[^\]`[]|`[^`]*`|\[[^\]]*\])*)\]\((?<link>[^)\s]+)\)/;
const htmlImage = /(?<attribute>src|srcset)="(?<picture>[^"]+)"/;
const linksAndCode = new RegExp([code, markdownLink, htmlImage].map(({ source }) => source).join("|"), "gm");

/** The same Markdown with links that lead to the site's pages, and to its images. */
export function rewriteLinks(markdown: string, page: Page, rules: LinkRules): string {
  return markdown.replaceAll(linksAndCode, (whole: string, ...found: unknown[]) => {
    const { image, text, link, attribute, picture } = found.at(-1) as Record<string, string | undefined>;
    if (picture !== undefined) return `${attribute}="${imageOnSite(picture, page)}"`;
    if (link === undefined || text === undefined) return whole;
    return image === "!" ? `![${text}](${imageOnSite(link, page)})` : linkOnSite(link, text, page, rules);
  });
}

function linkOnSite(link: string, text: string, page: Page, { pages, repository }: LinkRules): string {
  const { path, fragment } = split(link);
  const target = targetOf(path, page, pages);
  if (target !== undefined) return `[${text}](${relative(page.target, target)}${fragment})`;
  if (isElsewhere(link) || path === "") return `[${text}](${link})`;
  const file = inRepository(path, page);
  return repository === "" ? asText(text, file) : `[${text}](${repository}/blob/HEAD/${file}${fragment})`;
}

/** Images lie in docs/images, and in the folder `images` of the site. */
function imageOnSite(link: string, page: Page): string {
  return isElsewhere(link) ? link : relative(page.target, inRepository(link, page).replace(/^docs\//, ""));
}

function isElsewhere(link: string): boolean {
  return /^[a-z]+:/.test(link);
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
