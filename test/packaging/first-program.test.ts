/** README.md, "Try it": its commands in an empty folder, with the packed packages, and its program as both kinds of module. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { run } from "./build.ts";
import { withVersions } from "./install.ts";
import { firstPrograms } from "./readme-programs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tokenflight-first-program-"));
const programs = firstPrograms();
const runtimes: Readonly<Record<string, string>> = { "Node 22.12": "node-lowest", "Node 22": "node22", "Node 24": "node" };
const cases = Object.keys(runtimes).flatMap((node) => [...programs.keys()].map((program) => [node, program] as const));

/** The page's commands, with the packed packages and the clients of this repository in place of what a registry has. */
function commands(): string[] {
  const [, block = ""] = /^## Try it\n[^]*?^```sh\n([^]*?)^```$/m.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  const tarballs = inject("tarballs");
  const local = (name: string): string =>
    (name.startsWith("@tokenflight/") ? tarballs[name.slice("@tokenflight/".length)] : withVersions([name])[0]) ?? name;
  return block
    .trim()
    .split("\n")
    .map((line) => {
      const [, install, names] = /^(npm install) (.*)$/.exec(line) ?? [];
      return names === undefined ? line : `${install} --no-audit --no-fund --prefer-offline ${names.split(" ").map(local).join(" ")}`;
    });
}

beforeAll(() => {
  for (const command of commands()) run("sh", ["-c", command], { cwd: folder });
  for (const [name, text] of programs) writeFileSync(join(folder, name), text);
}, 180_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("the page has two commands, and one program for each kind of module", () => {
  expect(commands()).toEqual(["npm init -y", expect.stringMatching(/^npm install .*tokenflight-core-.*tokenflight-axios-.* axios@/)]);
  expect([...programs.keys()].toSorted()).toEqual(["first.cjs", "first.mjs"]);
});

it.each(cases)("on %s, %s prints what its last line says, and ends", async (node, program) => {
  const [, promised] = /console\.log\(.*\/\/ (.*)$/m.exec(programs.get("first.mjs") ?? "") ?? [];
  const path = join(root, "node_modules", runtimes[node] ?? "", "bin/node");

  const { stdout, stderr } = await promisify(execFile)(path, [program], { cwd: folder, timeout: 30_000 });

  expect({ stdout, stderr }).toEqual({ stdout: "100 answers, 2 tokens\n", stderr: "" });
  expect(promised).toBe(stdout.trim());
});
