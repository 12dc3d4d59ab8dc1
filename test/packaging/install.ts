/** Before the tests of this folder: builds, packs and installs the packages once, as a user does, with every client and driver that they are made for. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { run } from "./build.ts";
import { packAll } from "./pack.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder with `node_modules` in it. */
    installed: string;
    /** The tarballs by the names of the packages. */
    tarballs: Record<string, string>;
  }
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a user installs beside our packages. */
const besides = ["axios", "got", "ky", "undici", "ioredis", "redis", "@types/node"];

/** The versions that this repository is developed with, as npm takes them. */
export function withVersions(names: readonly string[]): string[] {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { devDependencies: Record<string, string> };
  return names.map((name) => `${name}@${devDependencies[name]}`);
}

export default async function install({ provide }: TestProject): Promise<() => void> {
  const tarballs = await packAll();
  const folder = mkdtempSync(join(tmpdir(), "tokenflight-installed-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "installed", private: true }));
  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...tarballs.values(), ...withVersions(besides)], { cwd: folder });
  provide("installed", folder);
  provide("tarballs", Object.fromEntries(tarballs));
  return () => rmSync(folder, { recursive: true, force: true });
}
