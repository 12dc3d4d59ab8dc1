/** Before the tests of this folder: builds, packs and installs the packages once, as a user does, with every client and driver that they are made for. */
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { run } from "./build.ts";
import { packAll } from "./pack.ts";
import { packagesIn } from "./pages/blocks.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder with `node_modules` in it. */
    installed: string;
    /** The tarballs by the names of the packages. */
    tarballs: Record<string, string>;
  }
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a user installs beside our packages: their clients, and whatever the programs of the guides import. */
function besides(): string[] {
  const programs = globSync("examples/guides/!(*.test).ts", { cwd: root }).map((path) => readFileSync(join(root, path), "utf8"));
  const others = ["got", "ioredis", "redis", "axios-cache-interceptor", "openid-client", "@types/node"];
  const names = new Set(["axios", "ky", "undici", ...others, ...programs.flatMap(packagesIn).filter((name) => !runners.has(name))]);
  const types = [...names].map((name) => `@types/${name.replace(/^@/, "").replace("/", "__")}`);
  return [...names, ...types.filter((name) => manifest().devDependencies[name] !== undefined && !names.has(name))];
}

/** They run programs themselves, out of this repository. */
const runners: ReadonlySet<string> = new Set(["@jest/globals", "vitest"]);

interface Manifest {
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = (): Manifest => JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

/** The versions that this repository is developed with, as npm takes them. */
export function withVersions(names: readonly string[]): string[] {
  const { devDependencies } = manifest();
  return names.map((name) => {
    const version = devDependencies[name];
    if (version === undefined) throw new Error(`${name}, which a guide's program imports, is no dev dependency of this repository.`);
    return `${name}@${version}`;
  });
}

/** The programs of the guides, as their pages say to save them. */
function copyGuides(folder: string): void {
  cpSync(join(root, "examples/guides"), folder, { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
}

export default async function install({ provide }: TestProject): Promise<() => void> {
  const tarballs = await packAll();
  const folder = mkdtempSync(join(tmpdir(), "tokenflight-installed-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "installed", private: true }));
  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...tarballs.values(), ...withVersions(besides())], { cwd: folder });
  copyGuides(join(folder, "guides"));
  provide("installed", folder);
  provide("tarballs", Object.fromEntries(tarballs));
  return () => rmSync(folder, { recursive: true, force: true });
}
