/**
 * Holds the sizes of the built packages: what a page loads at its start to the limits of `page-start.ts`, and each package to .size-limit.json. Ends with status 1
 * when one is too large. Needs `dist` to be there.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pages, pageStart } from "./page-start.ts";

for (const page of pages) {
  const { ours, vites } = await pageStart(page);
  const isTooLarge = ours > page.most;
  if (isTooLarge) process.exitCode = 1;
  process.stdout.write(
    `${isTooLarge ? "TOO LARGE: " : ""}a page with ${page.name} starts with ${kB(ours)}, at most ${kB(page.most)}, and ${kB(vites)} of Vite's own\n`,
  );
}

// size-limit looks for its plugins in the package that it is started in.
const cwd = fileURLToPath(new URL("..", import.meta.url));
const { status, error } = spawnSync(process.execPath, ["node_modules/size-limit/bin.js", "--config", "../../.size-limit.json"], {
  cwd,
  stdio: "inherit",
});
if (error !== undefined) throw error;
if (status !== 0) process.exitCode = status ?? 1;

function kB(bytes: number): string {
  return `${(bytes / 1000).toFixed(2)} kB`;
}
