import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { root } from "../../docs/site/pages.ts";

/** All tests of the site look at one build of it. It runs as the command does, in a process of its own. */
export default async function buildSite(): Promise<void> {
  const env = { ...process.env, NODE_ENV: "production", VITEST: "" };
  await promisify(execFile)(process.execPath, ["--conditions=source", "docs/site/main.ts"], { cwd: root, env });
}
