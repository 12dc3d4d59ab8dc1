import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { startProgram } from "../processes/start-program.ts";
import type { FrozenSetting } from "./frozen-login.ts";

/** Milliseconds for which a process is stopped. Its timeouts are two seconds, and four for a user, so that each is more than a second late. */
const frozenFor = 6000;

/** A token endpoint that hands its requests over. */
async function startEndpoint(): Promise<{ origin: string; asked: Promise<ServerResponse> }> {
  const asked = Promise.withResolvers<ServerResponse>();
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => asked.resolve(response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: asked.promise };
}

const answerWith = (response: ServerResponse): unknown =>
  response.writeHead(200, { "content-type": "application/json" }).end('{"access_token":"new","refresh_token":"r2","expires_in":600}');

const start = (origin: string, wait: FrozenSetting["wait"]): ReturnType<typeof startProgram> =>
  startProgram("../oauth/frozen-login.ts", { origin, wait } satisfies FrozenSetting);

async function outcomeOf(program: ReturnType<typeof startProgram>): Promise<string | undefined> {
  await program.said("outcome ");
  expect((await program.ended).code).toBe(0);
  return program.lines.at(-1);
}

describe
  .skipIf(process.platform === "win32")
  .concurrent("a process that is stopped past every timeout, and goes on", { timeout: 30_000 }, () => {
    it.each(["the exchange of a code", "a refresh"] as const)("%s: takes the answer that has come meanwhile", async (wait) => {
      const { origin, asked } = await startEndpoint();
      await using program = start(origin, wait);
      const response = await asked;
      program.signal("SIGSTOP");
      await sleep(frozenFor / 2);
      answerWith(response);
      await sleep(frozenFor / 2);
      program.signal("SIGCONT");
      expect(await outcomeOf(program)).toBe("outcome new");
    });

    it("the exchange of a code: ends a second later when no answer has come", async () => {
      const { origin, asked } = await startEndpoint();
      await using program = start(origin, "the exchange of a code");
      await asked;
      program.signal("SIGSTOP");
      await sleep(frozenFor);
      program.signal("SIGCONT");
      const thawed = performance.now();
      expect(await outcomeOf(program)).toBe("outcome ERR_TOKEN_REQUEST_UNKNOWN");
      expect(performance.now() - thawed).toBeLessThan(3000);
    });

    it("the user, at a browser of this machine: has come back meanwhile, and is logged in", async () => {
      const { origin, asked } = await startEndpoint();
      await using program = start(origin, "the user, at a browser of this machine");
      await program.said("open ");
      program.signal("SIGSTOP");
      const { searchParams } = new URL(program.lines.at(-1)?.slice("open ".length) ?? "");
      const back = new URL(searchParams.get("redirect_uri") ?? "");
      back.search = new URLSearchParams({ code: "code", state: searchParams.get("state") ?? "" }).toString();
      // The system takes the connection and the request for a process that is stopped.
      const page = fetch(back);
      await sleep(frozenFor);
      program.signal("SIGCONT");
      answerWith(await asked);
      expect((await page).status).toBe(200);
      expect(await outcomeOf(program)).toBe("outcome new");
    });
  });
