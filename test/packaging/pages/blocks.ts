/** All code that pages and docstrings show, as it stands there. What could hide code from the tests is an error. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A code block of a page, or an example of a docstring. */
export interface Block {
  /** The page or the source file. */
  readonly page: string;
  /** The line of its first line of code. */
  readonly line: number;
  readonly language: "ts" | "tsx" | "js";
  /** The file that its first line names: such a block is a program, or a module of one, as it stands. Undefined for a part of one. */
  readonly name: string | undefined;
  readonly text: string;
}

const languages: ReadonlySet<string> = new Set(["ts", "tsx", "js"]);
/** What nothing of a program of ours is written in. */
const others: ReadonlySet<string> = new Set(["html", "http", "json", "mermaid", "sh", "sql", "text", "toml", "yaml"]);

const exclude = ["**/node_modules/**", "**/dist/**"];
export const pages: readonly string[] = globSync(["*.md", "{docs,examples,packages,test}/**/*.md"], { cwd: root, exclude }).toSorted();

/** Reads the blocks of one page. Throws for a block in an unknown language, without one, or without a fence. */
export function blocksOf(page: string, text: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; indent: string; language: string; line: number; lines: string[] } | undefined;
  let before = "";
  for (const [index, line] of text.split("\n").entries()) {
    const at = `${page}:${index + 1}`;
    const [, indent = "", fence = "", info = ""] = /^([\s>*\d.-]*?)(`{3,}|~{3,})\s*([^`]*)$/.exec(line) ?? [];
    if (open !== undefined) {
      if (info === "" && fence.startsWith(open.fence)) {
        blocks.push(...blockOf(page, open));
        open = undefined;
      } else open.lines.push(withoutIndent(line, open.indent));
      continue;
    }
    if (fence !== "") {
      const [language = ""] = info.split(/[\s{,]/);
      if (!languages.has(language) && !others.has(language))
        throw new Error(
          `${at}: "${language}" is no language of a block; code is in ${[...languages].join(", ")}, the rest in ${[...others].join(", ")}.`,
        );
      open = { fence, indent, language, line: index + 2, lines: [] };
      continue;
    }
    if (/<(?:pre|script)\b/i.test(line.replaceAll(/`[^`]*`/g, ""))) throw new Error(`${at}: code is written in a block with a fence.`);
    if (/^(?: {4}|\t)\S/.test(line) && before === "") throw new Error(`${at}: an indented block; code is written in a block with a fence.`);
    before =
      line.trim() === "" && before !== "list"
        ? ""
        : /^\s*(?:[-*+]|\d+\.)\s/.test(line) || (before === "list" && /^(?:\s|$)/.test(line))
          ? "list"
          : line;
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the block has no end.`);
  return blocks;
}

/** Without the marks of the quotations and the width of the lists that a block stands in. */
function withoutIndent(line: string, indent: string): string {
  const quotations = indent.split(">").length - 1;
  const unquoted = line.replace(new RegExp(`^(?:\\s*>){${quotations}} ?`), "");
  const width = indent.length - indent.lastIndexOf(">") - 1;
  return quotations > 0 ? unquoted : /^\s*$/.test(line.slice(0, width)) ? line.slice(width) : line.trimStart();
}

function blockOf(page: string, { language, line, lines }: { language: string; line: number; lines: string[] }): Block[] {
  if (!languages.has(language)) return [];
  const text = `${lines.join("\n")}\n`;
  const [, name] = /^\/\/ (\S+\.(?:[cm]?[jt]s|tsx))\n/.exec(text) ?? [];
  return [{ page, line, language: language as Block["language"], name, text }];
}

/** The examples in the docstrings of a source file. */
export function examplesOf(path: string, source: string): Block[] {
  return [...source.matchAll(/^ *\* ```ts\n([^]*?)^ *\* ```$/gm)].map(({ index, 1: lines = "" }) => ({
    page: path,
    line: source.slice(0, index).split("\n").length + 1,
    language: "ts",
    name: undefined,
    text: lines.replaceAll(/^ *\* ?/gm, ""),
  }));
}

/** Those of all pages and docstrings. */
export function allBlocks(): Block[] {
  const read = (path: string): string => readFileSync(join(root, path), "utf8");
  const sources = globSync("packages/*/src/**/*.ts", { cwd: root }).toSorted();
  return [...pages.flatMap((page) => blocksOf(page, read(page))), ...sources.flatMap((path) => examplesOf(path, read(path)))];
}

/** The packages that a text imports, without those of Node and of ours. */
export function packagesIn(text: string): string[] {
  const specifiers = [...text.matchAll(/(?:\bfrom|^import|\bimport\(|\brequire\()\s*"([^"]+)"/gm)].map(([, specifier = ""]) => specifier);
  return specifiers
    .filter((specifier) => !/^(?:\.|\w+:|@tokenflight\/)/.test(specifier))
    .map((specifier) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/"));
}
