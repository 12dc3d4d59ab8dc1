import { existsSync, globSync } from "node:fs";
import { posix } from "node:path";
import MarkdownIt from "markdown-it";
import { anchorOf } from "../../docs/site/headings.ts";
import { readSource, root } from "../../docs/site/pages.ts";

const markdown = new MarkdownIt({ html: true });

/** What a code host makes of a page: the anchors of its headings, and where its links and images lead. */
export interface HostedPage {
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly string[];
  /** What stands as code in its sentences. */
  readonly code: readonly string[];
}

export function readHosted(source: string): HostedPage {
  return hostedPage(readSource(source));
}

export function hostedPage(text: string): HostedPage {
  const anchors = new Set<string>();
  const links: string[] = [];
  const code: string[] = [];
  const tokens = markdown.parse(text, {});
  for (const [index, token] of tokens.entries()) {
    if (token.type === "heading_open") addAnchor(anchors, (tokens[index + 1]?.children ?? []).map(({ content }) => content).join(""));
    for (const part of [token, ...(token.children ?? [])]) {
      const link = part.attrGet("href") ?? part.attrGet("src");
      if (link !== null) links.push(String(link));
      if (part.type === "code_inline") code.push(part.content);
      if (part.type.startsWith("html_"))
        links.push(...[...part.content.matchAll(/\s(?:href|src|srcset)="([^"]+)"/g)].map(([, found = ""]) => found));
    }
  }
  return { anchors, links, code };
}

function addAnchor(anchors: Set<string>, heading: string): void {
  const anchor = anchorOf(heading);
  let free = anchor;
  for (let count = 1; anchors.has(free); count += 1) free = `${anchor}-${count}`;
  anchors.add(free);
}

/** The links of a page that lead nowhere in the repository. Addresses elsewhere are not asked. */
export function deadLinks(source: string, { links, anchors }: Pick<HostedPage, "links" | "anchors"> = readHosted(source)): string[] {
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = "", fragment] = decodeURI(link).split("#");
    const file = path === "" ? source : posix.join(posix.dirname(source), path);
    if (file.startsWith("..") || !existsSync(root + file)) return true;
    if (fragment === undefined) return false;
    return !(file === source ? anchors : file.endsWith(".md") ? readHosted(file).anchors : new Set()).has(fragment);
  });
}

/** The files and folders that a page names as code, such as the test of a statement, and that are not there. What the run makes is not there yet. */
export function missingFiles({ code }: HostedPage): string[] {
  const named = code.filter((text) => /^(?:docs|examples|packages|test)\/[\w./*-]+$/.test(text) && !text.includes("/dist"));
  return named.filter((text) => globSync(text, { cwd: root }).length === 0);
}
