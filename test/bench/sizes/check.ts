/** Holds the sizes of the built packages to .size-limit.json. Ends with status 1 when one is too large. Needs `dist` to be there. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

// size-limit looks for its plugins in the package that it is started in.
const cwd = fileURLToPath(new URL("..", import.meta.url));
const { status, error } = spawnSync(process.execPath, ["node_modules/size-limit/bin.js", "--config", "../../.size-limit.json"], {
  cwd,
  stdio: "inherit",
});
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
