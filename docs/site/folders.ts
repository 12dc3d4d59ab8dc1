import { root } from "./pages.ts";

/** Where the site is made; git ignores it. */
const made = `${root}reports/site`;

export const folders = {
  /** The Markdown that the generator reads: the repository's pages, with links of the site, and the API reference. */
  markdown: `${made}/markdown`,
  /** The site. */
  html: `${made}/html`,
  cache: `${made}/cache`,
};
