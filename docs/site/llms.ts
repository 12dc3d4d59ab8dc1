import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { readEntryPoints } from "./api.ts";
import { readContents, type Group } from "./contents.ts";
import { folders } from "./folders.ts";
import { readPages, readSource, type Page } from "./pages.ts";

/** What a model may leave out when it has little room. */
const optional = new Set(["Appendices", "Programs to watch", "Project"]);

/** `llms.txt` and `llms-full.txt` as https://llmstxt.org describes them, and each page's Markdown beside it. */
export function writeLlms(base: string): void {
  const pages = readPages();
  const entryPoints = readEntryPoints();
  for (const { target } of [...pages, ...entryPoints, { target: "api/index.md" }])
    copyFileSync(`${folders.markdown}/${target}`, `${folders.html}/${target}`);

  const groups = readContents();
  const wanted = groups.filter(({ title }) => !optional.has(title));
  const { description } = JSON.parse(readSource("package.json")) as { description: string };
  const head = `# Tokenflight\n\n> ${description}\n\nThe quick start, which programs begin with: [Tokenflight](${base}index.md)\n`;
  const link = (target: string, title: string, about = ""): string => `- [${title}](${base}${target})${about && `: ${about}`}`;
  const lines = (group: Group): string[] => group.entries.map(({ source, title, about }) => link(targetOf(source, pages), title, about));
  const sections = [
    ...wanted.map((group) => [group.title, lines(group)] as const),
    ["API", entryPoints.map(({ specifier, target }) => link(target, specifier, "every export with its type"))] as const,
    ["Optional", groups.filter(({ title }) => optional.has(title)).flatMap(lines)] as const,
  ];
  const text = sections.map(([title, list]) => `\n## ${title}\n\n${list.join("\n")}\n`).join("");
  writeFileSync(`${folders.html}/llms.txt`, head + text);

  const targets = ["index.md", ...wanted.flatMap(({ entries }) => entries.map(({ source }) => targetOf(source, pages)))];
  const full = targets.map((target) => `\n<!-- ${base}${target} -->\n\n${readFileSync(`${folders.markdown}/${target}`, "utf8").trim()}\n`);
  writeFileSync(`${folders.html}/llms-full.txt`, head + full.join(""));
}

function targetOf(source: string, pages: readonly Page[]): string {
  const page = pages.find((candidate) => candidate.source === source);
  if (page === undefined) throw new Error(`docs/README.md: there is no ${source}.`);
  return page.target;
}
