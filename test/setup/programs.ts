import { spawnSync } from "node:child_process";

/** A program that tests start and npm does not have. */
export interface Program {
  readonly name: string;
  /** What is run to see whether it is there. Default: its name. */
  readonly command?: string;
  /** The package that brings it, in Debian and in Homebrew. */
  readonly package: string;
}

export const redisServer: Program = { name: "redis-server", package: process.platform === "darwin" ? "redis" : "redis-server" };

export const spin: Program = { name: "spin", package: "spin" };
/** Compiles what Spin makes of a model. */
export const compiler: Program = { name: "cc", package: process.platform === "darwin" ? "gcc" : "gcc libc6-dev" };

/** The browser in which a user logs in. */
export const chromium: Program = { name: "chromium", package: "chromium" };
export const firefox: Program = { name: "firefox-esr", package: process.platform === "darwin" ? "--cask firefox@esr" : "firefox-esr" };

/** A library that gives one process another time of day. Its command knows where it lies. */
export const libfaketime: Program = {
  name: "libfaketime",
  command: "faketime",
  package: process.platform === "darwin" ? "libfaketime" : "faketime",
};

/** Every one that some test needs. */
export const programs: readonly Program[] = [redisServer, spin, compiler, chromium, firefox, libfaketime];

export function isInstalled({ name, command = name }: Program): boolean {
  return spawnSync(command, [name === "spin" ? "-V" : "--version"]).error === undefined;
}

/** The one command that brings them. */
export function installCommand(missing: readonly Program[]): string {
  const packages = missing.map((program) => program.package).join(" ");
  return process.platform === "darwin" ? `brew install ${packages}` : `sudo apt-get update && sudo apt-get install --yes ${packages}`;
}

/** Why tests that need this program cannot run here, or undefined when they can. With CI=true they run and fail instead. */
export function reasonNotToRun(program: Program): string | undefined {
  return isInstalled(program) || process.env["CI"] === "true" ? undefined : `not run: no ${program.name}`;
}
