import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, inject, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";
import { runners, type Runner } from "./runners/runners.ts";

const folder = inject("installed");

/** Milliseconds, of one run: a compiler on a busy machine takes its time. */
const longest = 200_000;

/** What has to stay out of a program that starts another test runner. */
const ours = /^(?:VITEST|TEST|NODE_ENV|NODE_OPTIONS|JEST_|MOCHA_|npm_)/;

interface Servers extends Loopback {
  readonly asked: readonly string[];
}

/** A token endpoint and an API that pages of another origin may ask. */
async function startServers(): Promise<Servers> {
  const asked: string[] = [];
  const answerTo = async (request: IncomingMessage, origin: string): Promise<object | undefined> => {
    const body = await text(request);
    switch (request.url) {
      case "/.well-known/openid-configuration":
      case "/.well-known/oauth-authorization-server":
        return { issuer: origin, token_endpoint: `${origin}/token` };
      case "/token":
        return { access_token: "a-1", token_type: "Bearer", expires_in: 60 };
      default:
        return request.headers.authorization === "Bearer a-1" ? (JSON.parse(body) as object) : undefined;
    }
  };
  const loopback = await startLoopback((origin) => async (request, response) => {
    const allowed = { "access-control-allow-origin": "*", "access-control-allow-headers": "authorization, content-type" };
    if (request.method === "OPTIONS") {
      response.writeHead(204, allowed).end();
      return;
    }
    const answer = await answerTo(request, origin);
    const status = answer === undefined ? 401 : 200;
    if (request.method === "POST") asked.push(`${request.url} ${status}`);
    response.writeHead(status, { ...allowed, "content-type": "application/json" }).end(JSON.stringify(answer ?? {}));
  });
  return { ...loopback, asked };
}

async function run({ name, files, command }: Runner, origin: string): Promise<string> {
  const own = join(folder, "runners", name.replaceAll(/\W+/g, "-"));
  mkdirSync(own, { recursive: true });
  // As `npm init -y` writes it.
  writeFileSync(join(own, "package.json"), JSON.stringify({ name: "first-page", version: "1.0.0", type: "commonjs" }));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(own, file), content);
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
  const env = { ...inherited, NO_COLOR: "1", ISSUER: origin, API_ORIGIN: origin, CLIENT_ID: "id", CLIENT_SECRET: "secret" };
  const child = spawn(process.execPath, command, {
    cwd: own,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: longest,
    killSignal: "SIGKILL",
  });
  const printed = await Promise.all([text(child.stdout), text(child.stderr)]);
  return printed.join("\n");
}

async function passes(runner: Runner): Promise<void> {
  await using servers = await startServers();
  expect(await run(runner, servers.origin)).toMatch(runner.passed);
  expect(servers.asked).toEqual(["/token 200", "/orders 200"]);
}

it.concurrent.each(runners)("$name: the first page passes", passes);
