import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Runner } from "./runners.ts";

/** Milliseconds, of one run: a compiler on a busy machine takes its time. */
const longest = 200_000;

/** What has to stay out of a program that starts another test runner. */
const ours = /^(?:VITEST|TEST|NODE_ENV|NODE_OPTIONS|JEST_|MOCHA_|npm_)/;

/** Runs the tests of a runner in a folder of their own below `installed`, where the packages are. Resolves to all that it printed. */
export async function runInFolder(
  installed: string,
  { name, files, command }: Runner,
  given: Readonly<Record<string, string>> = {},
): Promise<string> {
  const own = join(installed, "runners", name.replaceAll(/\W+/g, "-"));
  mkdirSync(own, { recursive: true });
  // As `npm init -y` writes it.
  writeFileSync(join(own, "package.json"), JSON.stringify({ name: "first-page", version: "1.0.0", type: "commonjs" }));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(own, file), content);
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
  const env = { ...inherited, NO_COLOR: "1", ...given };
  const child = spawn(process.execPath, command, {
    cwd: own,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: longest,
    killSignal: "SIGKILL",
  });
  const printed = await Promise.all([text(child.stdout), text(child.stderr)]);
  return printed.join("\n");
}
