import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { expect, inject, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";
import { runInFolder } from "./runners/run-in-folder.ts";
import { runners, type Runner } from "./runners/runners.ts";

const folder = inject("installed");

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

async function passes(runner: Runner): Promise<void> {
  await using servers = await startServers();
  const env = { ISSUER: servers.origin, API_ORIGIN: servers.origin, CLIENT_ID: "id", CLIENT_SECRET: "secret" };
  expect(await runInFolder(folder, runner, env)).toMatch(runner.passed);
  expect(servers.asked).toEqual(["/token 200", "/orders 200"]);
}

it.concurrent.each(runners)("$name: the first page passes", passes);
