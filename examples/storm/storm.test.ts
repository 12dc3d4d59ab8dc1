import { expect, it } from "vitest";
import { reasonNotToRun, redisServer } from "../../test/setup/programs.ts";
import { exampleRunner } from "../../test/setup/run-example.ts";

const storm = exampleRunner("storm");

it("a short storm is calm, and says so as JSON", async () => {
  const { status, printed } = await storm("--", "--json", "--seconds", "4", "--callers", "30", "--ttl", "2");

  const result = JSON.parse(printed);
  expect(result).toMatchObject({ calm: true, callers: 30, seconds: 4, ttl: 2, refreshTokensReused: 0, revocations: 1 });
  for (const client of ["axios", "got", "ky"]) expect(result.clients[client]).toMatchObject({ failures: 0, refusalsSeen: 0 });
  expect(result.refreshes).toBeGreaterThanOrEqual(2);
  expect(result.tokensIssued).toBe(result.refreshes + 1);
  expect(status).toBe(0);
});

it.for(["sqlite", "redis"] as const)("over processes that share a %s store it is as calm", async (store, context) => {
  const reason = store === "redis" ? reasonNotToRun(redisServer) : undefined;
  if (reason !== undefined) context.skip(reason);
  const { status, printed } = await storm("--json", "--seconds", "4", "--callers", "24", "--processes", "3", "--store", store);

  const result = JSON.parse(printed);
  expect(result).toMatchObject({ calm: true, processes: 3, store, refreshTokensReused: 0, revocations: 1 });
  for (const client of ["axios", "got", "ky"]) expect(result.clients[client]).toMatchObject({ failures: 0, refusalsSeen: 0 });
  expect(result.refreshes).toBeGreaterThanOrEqual(2);
  expect(result.tokensIssued).toBe(result.refreshes + 1);
  expect(status).toBe(0);
});

it("the table names each client and ends with the verdict", async () => {
  const { status, printed } = await storm("--seconds", "1", "--callers", "3");

  expect(printed).toMatch(/client +requests +failures +401s seen +replays +p50 ms +p99 ms/);
  for (const client of ["axios", "got", "ky"]) expect(printed).toContain(`\n${client} `);
  expect(printed.trimEnd().endsWith("No caller saw a 401, and each token cost one refresh.")).toBe(true);
  expect(status).toBe(0);
});

it.concurrent.each([
  [["--callers", "2"], '--callers wants a whole number from 3 to 3000, not "2".'],
  [["--seconds", "soon"], '--seconds wants a whole number from 1 to 600, not "soon".'],
  [["--ttl", "1.5"], '--ttl wants a whole number from 1 to 3600, not "1.5".'],
  [["--processes", "0"], '--processes wants a whole number from 1 to 16, not "0".'],
  [["--store", "disk"], '--store wants one of memory, sqlite, redis, not "disk".'],
  [["--store", "memory", "--processes", "2"], "--store memory belongs to one process; several can share sqlite or redis."],
  [["--ttl", "-5"], "Option '--ttl"],
  [["--speed"], "--speed"],
  [["fast"], "'fast'"],
])("bad arguments are a sentence and status 2: %s", async (given, sentence) => {
  const { status, printed, complaints } = await storm(...given);
  expect(complaints).toContain(sentence);
  expect(complaints.trim().split("\n")).toHaveLength(1);
  expect(printed).toBe("");
  expect(status).toBe(2);
});

it("--help explains the options", async () => {
  const { status, printed } = await storm("--help");
  expect(printed).toContain("Usage: pnpm start -- [options]");
  expect(status).toBe(0);
});
