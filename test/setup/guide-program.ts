import { spawn, type ChildProcess } from "node:child_process";
import { expect, onTestFinished } from "vitest";
import { guideArguments, guides } from "./guide-place.ts";

/** A program of examples/guides that runs, as its page says. It ends with the test. */
export interface GuideProgram {
  readonly child: ChildProcess;
  /** All that it printed, when it has ended by itself and without a complaint. */
  readonly printed: Promise<string>;
  /** The first line with this in it, once it is there. */
  line(part: string): Promise<string>;
  /** What it has printed so far, on both streams. */
  output(): string;
}

/** Starts it with nothing in its environment but this. `flags` are Node's. */
export function startGuide(
  name: string,
  env: Record<string, string>,
  { flags = [] as string[], given = [] as string[] } = {},
): GuideProgram {
  return startNode([...flags, ...guideArguments(name, ...given)], env);
}

/** Starts Node with these arguments, in the folder with the programs. */
export function startNode(given: readonly string[], env: Record<string, string>): GuideProgram {
  const child = spawn(process.execPath, given, {
    cwd: guides,
    env: { NODE_NO_WARNINGS: "1", NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [out, err] = [{ text: "" }, { text: "" }];
  child.stdout.setEncoding("utf8").on("data", (more: string) => (out.text += more));
  child.stderr.setEncoding("utf8").on("data", (more: string) => (err.text += more));
  const printed = new Promise<string>((resolve, reject) => {
    child.on("close", (status) =>
      status === 0 && err.text === "" ? resolve(out.text) : reject(new Error(`${status}: ${out.text}${err.text}`)),
    );
  });
  printed.catch(() => {});
  const output = (): string => out.text + err.text;
  return {
    child,
    printed,
    output,
    async line(part) {
      await expect.poll(output, { timeout: 10_000 }).toContain(part);
      return output()
        .split("\n")
        .find((one) => one.includes(part)) as string;
    },
  };
}
