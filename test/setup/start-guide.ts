import { spawn, type ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished } from "vitest";

/** A program of a guide that runs. */
export interface GuideProcess {
  readonly child: ChildProcess;
  /** All that it printed, when it has ended by itself, without an error. */
  readonly printed: Promise<string>;
  /** The first line with this in it. */
  line(part: string): Promise<string>;
}

const folder = fileURLToPath(new URL("../../examples/guides/", import.meta.url));

/** Starts a program in a process of its own, which ends with the test. `program` is its path, beneath the guides if it is not absolute. */
export function startGuide(program: string, env: Readonly<Record<string, string>>, given: readonly string[] = []): GuideProcess {
  const child = spawn(process.execPath, ["--conditions=source", program, ...given], {
    cwd: folder,
    env: { NODE_NO_WARNINGS: "1", PATH: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill());
  let text = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
  child.stderr.setEncoding("utf8").on("data", (more: string) => (complaints += more));
  const printed = new Promise<string>((resolve, reject) => {
    child.on("close", (status) => (status === 0 && complaints === "" ? resolve(text) : reject(new Error(`${status}: ${complaints}`))));
  });
  printed.catch(() => {});
  const line = async (part: string): Promise<string> => {
    await expect.poll(() => text + complaints, { timeout: 10_000 }).toContain(part);
    return text.split("\n").find((one) => one.includes(part)) ?? complaints;
  };
  return { child, printed, line };
}

/** A port that nobody listens on, for a program whose address has to be known before it starts. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return String(port);
}
