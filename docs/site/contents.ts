import { posix } from "node:path";
import { readSource } from "./pages.ts";

/** A line of docs/README.md. */
export interface Entry {
  readonly title: string;
  readonly source: string;
  readonly about: string;
}

export interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
}

const line = /^- \[(?<title>[^\]]+)\]\((?<link>[^)#]+)\): (?<about>.+)$/;

/** The groups of docs/README.md: the order of the sidebar and of llms.txt. */
export function readContents(): Group[] {
  const [, ...sections] = readSource("docs/README.md").split(/^## /m);
  return sections.map((section) => {
    const [title = "", ...lines] = section.trim().split("\n");
    return { title, entries: lines.filter((text) => text !== "").map(readLine) };
  });
}

function readLine(text: string): Entry {
  const { title = "", link = "", about = "" } = line.exec(text)?.groups ?? {};
  if (link === "") throw new Error(`docs/README.md: this is no "- [title](page): what it is about": ${text}`);
  return { title, source: posix.join("docs", link), about };
}
