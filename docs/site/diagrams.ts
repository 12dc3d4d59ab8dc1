import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import type { MarkdownRenderer } from "vitepress";
import { folders } from "./folders.ts";

/** A block of Mermaid is drawn by `theme/diagram.ts`, in the page, as code hosts do it. */
export function drawDiagrams(markdown: MarkdownRenderer): void {
  const fence = markdown.renderer.rules.fence;
  markdown.renderer.rules.fence = (tokens, index, ...rest) => {
    const token = tokens[index];
    if (token?.info.trim() !== "mermaid") return fence?.(tokens, index, ...rest) ?? "";
    return `<Diagram source="${encodeURIComponent(token.content)}" />`;
  };
}

/** Mermaid is loaded by the pages that have a diagram, and by no other one. */
export function copyMermaid(): void {
  mkdirSync(`${folders.markdown}/public`, { recursive: true });
  copyFileSync(createRequire(import.meta.url).resolve("@mermaid-js/tiny"), `${folders.markdown}/public/mermaid.js`);
}
