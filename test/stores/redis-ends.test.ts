import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { describeWithRedis } from "./with-redis.ts";

const program = fileURLToPath(new URL("redis-ends.ts", import.meta.url));

async function run(...given: string[]): Promise<{ status: unknown; printed: string }> {
  const child = spawn(process.execPath, ["--no-warnings", "--conditions=source", program, ...given], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const status = await new Promise((resolve) => child.once("close", resolve));
  return { status, printed };
}

describeWithRedis("a process that watches a Redis store", (server) => {
  describe.each(["ioredis", "node-redis"])("with %s", (driver) => {
    it.each([
      ["has ended its client politely", "quit", "told something\n"],
      ["has ended its client at once", "disconnect", "told something\n"],
      ["has never used its client, where no server is", "lazy", "told nothing\n"],
    ])("ends when it %s", async (_, how, printed) => {
      expect(await run(driver, how, server().url)).toEqual({ status: 0, printed });
    });
  });
});
