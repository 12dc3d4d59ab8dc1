/** The platforms: how each of them runs the contract, and what of it is not possible there. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { EdgeVM } from "@edge-runtime/vm";
import { startWorker } from "../../workerd/start-worker.ts";
import { browserPlatforms } from "./browsers.ts";
import { serverProgram, workerProgram } from "./bundles.ts";
import { nextPlatforms } from "./next.ts";
import type { Platform, Results } from "./platform.ts";
import { portableWays } from "./portable-ways.ts";
import { serverWays } from "./server-ways.ts";
import { withStores } from "./stores.ts";

/** Milliseconds, of a program. */
const longest = 300_000;

const ownPackages = createRequire(import.meta.url);
const rootPackages = createRequire(new URL("../../../package.json", import.meta.url));

function found(name: string, require = ownPackages): { home: string; version: string } {
  const manifest = require.resolve(`${name}/package.json`);
  return { home: dirname(manifest), version: (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version };
}

const wayNames = Object.keys(serverWays({ file: "", redis: "" }));

/** A platform that starts a program. */
function server(
  name: string,
  { home, version }: ReturnType<typeof found>,
  command: readonly string[],
  fails: Platform["fails"] = {},
): Platform {
  return {
    name,
    version,
    ways: wayNames,
    fails,
    run: (folder, origins) =>
      withStores(async (stores) => {
        const [binary = "", ...given] = command;
        const program = await serverProgram(folder);
        const child = spawn(join(home, binary), [...given, program, JSON.stringify({ ...origins, ...stores })], {
          cwd: folder,
          stdio: ["ignore", "pipe", "pipe"],
          timeout: longest,
          killSignal: "SIGKILL",
        });
        const [printed, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
        if (printed === "") throw new Error(complaints);
        return JSON.parse(printed) as Results;
      }),
  };
}

const node = (name: string, packageName: string, from = ownPackages, fails: Platform["fails"] = {}): Platform =>
  server(name, found(packageName, from), ["bin/node"], fails);

const workerd: Platform = {
  name: "workerd",
  version: found("workerd", rootPackages).version,
  ways: Object.keys(portableWays),
  async run(folder, origins) {
    await using worker = await startWorker(undefined, { code: await workerProgram(folder, "workerd") });
    const response = await fetch(worker.origin, { method: "POST", body: JSON.stringify(origins) });
    if (!response.ok) throw new Error(worker.output());
    return (await response.json()) as Results;
  },
};

/** What Next.js and Vercel run middleware and edge routes in. Next.js lets nobody look at Node's modules there. */
const edge: Platform = {
  name: "Edge runtime",
  version: found("@edge-runtime/vm").version,
  ways: Object.keys(portableWays),
  async run(folder, origins) {
    const vm = new EdgeVM({ extend: (context) => Object.assign(context, { process: { env: {}, getBuiltinModule: refuse } }) });
    vm.evaluate(await workerProgram(folder, "edge-light"));
    const request = `new Request("https://edge.example", { method: "POST", body: ${JSON.stringify(JSON.stringify(origins))} })`;
    return JSON.parse(await vm.evaluate<Promise<string>>(`worker.default.fetch(${request}).then((answer) => answer.text())`)) as Results;
  },
};

function refuse(name: string): never {
  throw new Error(`A Node.js API is used (${name}).`);
}

export const platforms: readonly Platform[] = [
  node("Node 22.12", "node-lowest", rootPackages, {
    undici: "undici 8 needs Node 22.19",
    "sqlite store": "`node:sqlite` needs Node 22.13",
  }),
  node("Node 22", "node22", rootPackages),
  node("Node 24", "node", rootPackages),
  node("Node 26", "node26"),
  server("Bun", found("bun-runtime"), ["bin/bun.exe"], {
    undici: "Bun puts an `undici` of its own in the place of npm's, and that has no `compose`",
  }),
  server("Deno", found("deno-runtime"), ["deno", "run", "--allow-all", "--node-modules-dir=manual"]),
  workerd,
  edge,
  ...nextPlatforms,
  ...browserPlatforms,
];
