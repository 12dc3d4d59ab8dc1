/** `docs`: builds the site. `--serve` shows it on this machine, too; `--base` says beneath which path it will lie. */
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { serve } from "vitepress";
import { buildSite } from "./build-site.ts";
import { folders } from "./folders.ts";
import { root } from "./pages.ts";

const { values } = parseArgs({
  // pnpm hands a `--` on.
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
  options: {
    base: { type: "string", default: "/" },
    serve: { type: "boolean", default: false },
    port: { type: "string", default: "4173" },
  },
});

await buildSite(values.base);
process.stdout.write(`The site is in ${relative(root, folders.html)}.\n`);
if (values.serve) await serve({ root: `${root}docs/site`, base: values.base, port: Number(values.port) });
else process.stdout.write("npx --yes pnpm@12.21.0 run docs --serve   shows it on this machine.\n");
