/** Next.js: an application with a route for each of its two runtimes, built and started as its users do. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { run } from "../build.ts";
import { withVersions } from "../install.ts";
import { serverProgram } from "./bundles.ts";
import type { Platform, Results } from "./platform.ts";
import { portableWays } from "./portable-ways.ts";
import { serverWays } from "./server-ways.ts";
import { withStores } from "./stores.ts";

const version = "16.4.6";
const react = ["react@19.3.1", "react-dom@19.3.1", "@types/react@19.3.3"];
/** The compiler is the one that Next.js looks for. */
const packages = [`next@${version}`, ...react, "iron-session@9.0.1", "typescript@5.9.3", ...withVersions(["@types/node"])];
/** The application of the guide to Next.js, whose types the build checks. */
const guide = fileURLToPath(new URL("../../../examples/guides/nextjs", import.meta.url));
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production", NODE_OPTIONS: "" };

/** What is built serves both routes, and the application of the guide. */
const built = new Map<string, Promise<string>>();

export function builtIn(folder: string): Promise<string> {
  const known = built.get(folder) ?? buildIn(folder);
  built.set(folder, known);
  return known;
}

/** The application beside the installed packages: gives its folder. */
async function buildIn(folder: string): Promise<string> {
  const app = join(folder, "next-app");
  const files = {
    "package.json": JSON.stringify({ name: "next-app", private: true, type: "module" }),
    "tsconfig.json": JSON.stringify({ compilerOptions: { strict: true } }),
    "next.config.mjs": `export default { turbopack: { root: ${JSON.stringify(folder)} } };`,
    "app/node/route.js": 'export const runtime = "nodejs";\nexport { POST } from "../../next-node.mjs";\n',
    "app/edge/route.js": 'export const runtime = "edge";\nexport { POST } from "../../next-edge.mjs";\n',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(app, name, ".."), { recursive: true });
    writeFileSync(join(app, name), text);
  }
  cpSync(guide, app, { recursive: true });
  for (const name of ["next-node", "next-edge"]) await serverProgram(app, name);
  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...packages], { cwd: app });
  run(process.execPath, [next(app), "build"], { cwd: app, env });
  return app;
}

const next = (app: string): string => join(app, "node_modules/next/dist/bin/next");

/** A server of the application. */
export interface NextServer extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly origin: string;
  complaints(): string;
}

export async function startNext(app: string, more: Readonly<Record<string, string>> = {}, port = "0"): Promise<NextServer> {
  const server = spawn(process.execPath, [next(app), "start", "--hostname", "127.0.0.1", "--port", port], {
    cwd: app,
    env: { ...env, ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(server, "exit");
  let complaints = "";
  server.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const end = async (): Promise<void> => {
    server.kill("SIGKILL");
    await ended;
  };
  const origin = await originOf(server).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  return { process: server, origin, complaints: () => complaints, [Symbol.asyncDispose]: end };
}

async function ask(app: string, route: string, setting: object): Promise<Results> {
  await using server = await startNext(app);
  const response = await fetch(`${server.origin}/${route}`, { method: "POST", body: JSON.stringify(setting) });
  if (!response.ok) throw new Error(`${response.status}: ${server.complaints()}`);
  return (await response.json()) as Results;
}

async function originOf({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface(stdout as NonNullable<typeof stdout>)) {
    const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (origin !== undefined) return origin;
  }
  throw new Error("Next.js did not start.");
}

export const nextPlatforms: readonly Platform[] = [
  {
    name: "Next.js, node",
    version,
    ways: Object.keys(serverWays({ file: "", redis: "" })),
    run: async (folder, origins) => {
      const app = await builtIn(folder);
      return withStores((stores) => ask(app, "node", { ...origins, ...stores }));
    },
  },
  {
    name: "Next.js, edge",
    version,
    ways: Object.keys(portableWays),
    run: async (folder, origins) => ask(await builtIn(folder), "edge", origins),
  },
];
