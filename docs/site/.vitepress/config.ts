import { defineConfig } from "vitepress";
import { drawDiagrams } from "../diagrams.ts";
import { folders } from "../folders.ts";
import { anchorOf } from "../headings.ts";
import { readPages, readSource } from "../pages.ts";
import { rank } from "../search-rank.ts";
import { tokenize } from "../search-tokens.ts";
import { sidebarOf } from "../sidebar.ts";
import { stackTables } from "../tables.ts";

const { description, repository } = JSON.parse(readSource("package.json")) as { description: string; repository: { url: string } };

export default defineConfig({
  title: "Tokenflight",
  description,
  lang: "en",
  // There is no icon; without this line a browser asks for one.
  head: [["link", { rel: "icon", href: "data:," }]],
  srcDir: folders.markdown,
  outDir: folders.html,
  cacheDir: folders.cache,
  cleanUrls: true,
  metaChunk: true,
  transformHead: ({ page, siteData }) =>
    page === "404.md" ? [] : [["link", { rel: "alternate", type: "text/markdown", href: siteData.base + page }]],
  markdown: {
    // What a code host does with a page: its anchors, no attributes in braces, and links where there is `https://` only.
    anchor: { slugify: anchorOf },
    attrs: { disable: true },
    config(markdown) {
      markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
      markdown.use(stackTables).use(drawDiagrams);
    },
    // Those with enough contrast.
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  themeConfig: {
    nav: [
      { text: "Contents", link: "/contents" },
      { text: "API", link: "/api/" },
    ],
    sidebar: sidebarOf(readPages()),
    outline: [2, 3],
    socialLinks: repository.url === "" ? [] : [{ icon: "github", link: repository.url }],
    search: {
      provider: "local",
      options: {
        // The list of all pages is in the sidebar, and would be found with everything.
        _render: (text, env, markdown) => (env.relativePath === "contents.md" ? "" : markdown.render(text, env)),
        miniSearch: { options: { tokenize }, searchOptions: { boostDocument: rank } },
      },
    },
  },
  // The search's index and the core's API reference are larger than a program's chunks should be.
  vite: { build: { chunkSizeWarningLimit: 2000 } },
});
