import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { expect, it } from "vitest";
import { jsonAnswer } from "../servers/answer.ts";
import type { TokenFault } from "../servers/token-endpoint-faults.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { startCrashSetting } from "./crash-setting.ts";
import { isGood } from "./crash-tally.ts";
import { crowdSize, startCrowd } from "./crowd.ts";
import { noteRow } from "./fault-row.ts";

/** Milliseconds of the server's Retry-After, less what timers round. */
const retryAfter = 995;

const group = "Token endpoint, five processes";

it("Retry-After is kept by all processes", { timeout: 120_000 }, async ({ task }) => {
  const runs = 3;
  using folder = temporaryFolder();
  await using setting = await startCrashSetting({ store: { kind: "sqlite", path: folder.file("tokens.db") } });
  const crowd = await startCrowd(setting);
  const gaps: number[] = [];
  let requests = 0;
  let good = 0;
  for (let run = 0; run < runs; run += 1) {
    const { key } = await setting.logIn();
    let refused = 0;
    const throttle: TokenFault = async () => {
      refused = performance.now();
      return jsonAnswer(429, { error: "slow_down" }, { "retry-after": "1" });
    };
    const measure: TokenFault = async (_request, carryOut) => {
      gaps.push(performance.now() - refused);
      return carryOut();
    };
    setting.server.faults.next(throttle);
    setting.server.faults.next(measure);
    const outcomes = await crowd.renew(key);
    requests += setting.requestsOf(key);
    good += outcomes.filter((outcome) => isGood(setting, outcome)).length;
  }
  const counts = {
    runs,
    processes: crowdSize,
    "token requests": requests,
    "sent before its time": gaps.filter((gap) => gap < retryAfter).length,
    "got a new token": good,
  };
  const expected = "nobody asks before the time is over, then one process does, and all of them get its token";
  noteRow(task, { group, fault: "429 with Retry-After: 1", expected, counts });
  const perfect = { "token requests": 2 * runs, "sent before its time": 0, "got a new token": runs * crowdSize };
  expect(counts).toEqual({ runs, processes: crowdSize, ...perfect });
});

it("a refused connection uses nothing up", { timeout: 120_000 }, async ({ task }) => {
  using folder = temporaryFolder();
  const closed = await listen(createServer());
  const { port } = closed.address() as AddressInfo;
  await close(closed);
  await using setting = await startCrashSetting({
    store: { kind: "sqlite", path: folder.file("tokens.db") },
    tokenEndpoint: `http://127.0.0.1:${port}/token`,
  });
  const crowd = await startCrowd(setting);
  const { key, accessToken: old } = await setting.logIn();

  const away = await Promise.all(crowd.members.map((member) => member.ask("renew", key)));
  const meanwhile = await Promise.all(crowd.members.map((member) => member.ask("get", key)));
  const target = new URL(setting.server.origin);
  const door = createServer((socket) => {
    const server = connect(Number(target.port), target.hostname);
    socket.on("error", () => server.destroy()).pipe(server);
    server.on("error", () => socket.destroy()).pipe(socket);
  });
  await listen(door, port);
  const back = await crowd.renew(key);
  const counts = {
    processes: crowdSize,
    "typed errors while it was away": away.filter((outcome) => !outcome.ok && outcome.outcome === "not-sent").length,
    "old token served": meanwhile.filter((outcome) => outcome.ok && outcome.accessToken === old).length,
    "token requests": setting.requestsOf(key),
    "got a new token": back.filter((outcome) => isGood(setting, outcome) && outcome.accessToken !== old).length,
  };
  door.close();
  const expected = "a typed error, the old token is served, and one request when it is back";
  noteRow(task, { group, fault: "connection refused", expected, counts });
  expect(counts).toEqual({
    processes: crowdSize,
    "typed errors while it was away": crowdSize,
    "old token served": crowdSize,
    "token requests": 1,
    "got a new token": crowdSize,
  });
});

async function listen(server: Server, port = 0): Promise<Server> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}
