import { defineConfig } from "vitepress";
import { folders } from "../folders.ts";
import { anchorOf } from "../headings.ts";
import { readPages, readSource } from "../pages.ts";
import { sidebarOf } from "../sidebar.ts";

const { description, repository } = JSON.parse(readSource("package.json")) as { description: string; repository: { url: string } };

export default defineConfig({
  title: "Tokenflight",
  description,
  lang: "en",
  base: process.env["SITE_BASE"] ?? "/",
  srcDir: folders.markdown,
  outDir: folders.html,
  cacheDir: folders.cache,
  cleanUrls: true,
  metaChunk: true,
  markdown: {
    // Code hosts read a page so.
    anchor: { slugify: anchorOf },
    attrs: { disable: true },
    config: (markdown) => void markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false }),
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
        miniSearch: {
          searchOptions: {
            // It runs in the browser, from its source text: guides come before the reference, and tables of measurements last.
            boostDocument: (id: string) => {
              if (id.includes("/guides/")) return 2;
              return /\/(?:api|project)\/|\/(?:reliability|benchmarks|architecture|shared-refresh|adapters)\b/.test(id) ? 0.3 : 1;
            },
          },
        },
      },
    },
  },
});
