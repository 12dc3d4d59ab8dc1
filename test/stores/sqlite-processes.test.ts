import { spawn } from "node:child_process";
import { sqliteStore } from "@tokenflight/sqlite";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = (name: string): string[] => ["--no-warnings", "--conditions=source", fileURLToPath(new URL(name, import.meta.url))];

/** Runs a process that counts, kills it without warning after so many acknowledged numbers, and resolves to those. */
async function countUntilKilled(path: string, after: number): Promise<number[]> {
  const child = spawn(process.execPath, [...program("sqlite-counter.ts"), path, "1000000"], { stdio: ["ignore", "pipe", "inherit"] });
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === after) child.kill("SIGKILL");
  }
  return acknowledged;
}

/** Runs a program to its end. */
async function run(node: string, given: string[]): Promise<{ status: unknown; printed: string }> {
  const child = spawn(node, given, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const status = await new Promise((resolve) => child.once("close", resolve));
  return { status, printed };
}

describe("a SQLite store of many processes", () => {
  it("loses nothing that was acknowledged when its processes are killed at any moment", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const kills = 6;
    const inTurn = async (first: number): Promise<number[]> => {
      const all: number[] = [];
      for (let kill = 0; kill < kills; kill += 1) all.push(...(await countUntilKilled(path, first + 7 * kill)));
      return all;
    };
    const acknowledged = (await Promise.all([inTurn(3), inTurn(5)])).flat();

    const store = sqliteStore({ path });
    const last = Number((await store.read("counter"))?.value);
    await store.close();
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    expect(Math.max(...acknowledged)).toBeLessThanOrEqual(last);
    // A process may have written one more number than it lived to tell.
    expect(last - acknowledged.length).toBeGreaterThanOrEqual(0);
    expect(last - acknowledged.length).toBeLessThanOrEqual(2 * kills);
  }, 60_000);

  it("lets a process end that watches and holds, and has closed nothing", async () => {
    using folder = temporaryFolder();
    const { status, printed } = await run(process.execPath, [...program("sqlite-watcher.ts"), folder.file("tokens.db")]);
    expect({ status, printed }).toEqual({ status: 0, printed: "watching\n" });
  });

  it.each([
    ["Node 22", "node_modules/node22/bin/node"],
    ["Node 24", "node_modules/node/bin/node"],
  ])(
    "keeps the store contract on %s, with no flag and no test runner",
    async (_, node) => {
      const { status, printed } = await run(node, program("sqlite-scenarios.ts"));
      expect({ status, failed: printed.split("\n").filter((line) => !line.startsWith("ok ")) }).toEqual({ status: 0, failed: [""] });
    },
    60_000,
  );
});
