import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vitepress";
import { writeApi } from "./api.ts";
import { copyMermaid } from "./diagrams.ts";
import { folders } from "./folders.ts";
import { rewriteLinks } from "./links.ts";
import { writeLlms } from "./llms.ts";
import { readPages, readSource, root } from "./pages.ts";

/** The site, in `folders.html`. `base` is the path that it will lie beneath, such as `/tokenflight/`. */
export async function buildSite(base: string): Promise<void> {
  rmSync(folders.markdown, { recursive: true, force: true });
  writePages();
  copyMermaid();
  await writeApi(`${folders.markdown}/api`);
  await build(fileURLToPath(new URL(".", import.meta.url)), { base });
  writeLlms(base);
}

function writePages(): void {
  const pages = readPages();
  const { repository } = JSON.parse(readSource("package.json")) as { repository: { url: string } };
  for (const page of pages) {
    const file = `${folders.markdown}/${page.target}`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, rewriteLinks(readSource(page.source), page, { pages, repository: repository.url }));
  }
  cpSync(`${root}docs/images`, `${folders.markdown}/images`, { recursive: true });
}
