import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { workerBundle } from "./bundle.ts";
import { workerdPath } from "./program.ts";
import type { WorkerSetting } from "./setting.ts";

/** One isolate of workerd, which all its requests share. */
export interface TestWorker extends AsyncDisposable {
  /** Such as "http://127.0.0.1:40123". */
  readonly origin: string;
  /** What workerd has written so far. */
  readonly output: () => string;
}

export interface Compatibility {
  readonly date?: string;
  readonly flags?: readonly string[];
  /** The worker, as one module. Default: that of the tests of this folder. */
  readonly code?: string;
  /** Further bindings: texts. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Further bindings: the classes of Durable Objects that the worker exports, with SQLite for their storage. */
  readonly objects?: Readonly<Record<string, string>>;
  /** The folder of what the objects keep. Default: memory. */
  readonly disk?: string;
}

/** The port that workerd has chosen, which it tells on a pipe of its own. */
async function portOf(control: Readable): Promise<number> {
  for await (const line of createInterface(control)) {
    const { event, port } = JSON.parse(line) as { event: string; port: number };
    if (event === "listen") return port;
  }
  throw new Error("workerd did not start.");
}

/** Runs a command until its own input ends, so that nothing is left when this process is killed, whatever it was about to do. */
const untilInputEnds = '"$0" "$@" & exec 3>&-; cat > /dev/null; kill -9 $!';

/** `setting` is a binding of the worker. */
export async function startWorker(setting: WorkerSetting | undefined, given: Compatibility = {}): Promise<TestWorker> {
  const { code = await workerBundle() } = given;
  const folder = temporaryFolder();
  writeFileSync(folder.file("worker.js"), code);
  writeFileSync(folder.file("setting.json"), JSON.stringify(setting ?? {}));
  writeFileSync(folder.file("config.capnp"), configuration(given));
  const shell = ["-c", untilInputEnds, workerdPath(), "serve", folder.file("config.capnp"), "--control-fd=3"];
  const child = spawn("sh", shell, { stdio: ["pipe", "pipe", "pipe", "pipe"] });
  const ended = once(child, "close");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await ended;
    folder[Symbol.dispose]();
  };
  try {
    const port = await portOf(child.stdio[3] as Readable);
    return { origin: `http://127.0.0.1:${port}`, output: () => output, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw new Error(output, { cause: error });
  }
}

function configuration({ date = "2026-10-01", flags = [], texts = {}, objects = {}, disk }: Compatibility): string {
  const bindings = [
    '(name = "SETTING", json = embed "setting.json")',
    ...Object.entries(texts).map(([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`),
    ...Object.entries(objects).map(([name, className]) => `(name = "${name}", durableObjectNamespace = "${className}")`),
  ];
  const namespaces = Object.values(objects).map(
    (className) => `(className = "${className}", uniqueKey = "${className}", enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"])),
    ${disk === undefined ? "" : `(name = "disk", disk = (path = ${JSON.stringify(disk)}, writable = true)),`}
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = ${disk === undefined ? "(inMemory = void)" : '(localDisk = "disk")'},
  compatibilityDate = "${date}",
  compatibilityFlags = ${JSON.stringify(flags)},
);
`;
}
