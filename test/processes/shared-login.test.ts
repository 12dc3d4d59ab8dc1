import { DatabaseSync } from "node:sqlite";
import { beforeEach, expect, it } from "vitest";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import type { LoginSessionCommands, LoginSessionSetting } from "./login-session-commands.ts";
import { startProcess, type TestProcess } from "./start-process.ts";
import { nativeClient } from "../oauth/native-client.ts";

type Session = TestProcess<LoginSessionCommands>;

let server: AuthorizationServer;
let sessions: Session[];
let path: string;

beforeEach(async () => {
  const folder = temporaryFolder();
  server = await startAuthorizationServer({ accessTokenLifetime: 600, clients: [nativeClient] });
  path = folder.file("tokens.db");
  const setting: LoginSessionSetting = {
    store: { kind: "sqlite", path },
    issuer: server.issuer,
    clientId: nativeClient.clientId,
    key: "me",
  };
  sessions = await Promise.all(Array.from({ length: 4 }, () => startProcess<LoginSessionCommands>("login-session.ts", setting)));
  return async () => {
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
    await server.close();
    folder[Symbol.dispose]();
  };
  // Four processes start, on a machine that may have much else to do.
}, 60_000);

/** All begin at once. Gives the one that shows a login page, and those that wait. */
async function beginAll(): Promise<{ owner: Session; url: string; others: Session[] }> {
  await Promise.all(sessions.map((session) => session.ask("begin")));
  const shown = await Promise.all(sessions.map((session) => session.ask("shown")));
  const owner = sessions.find((_, index) => shown[index] !== undefined);
  expect(shown.filter((url) => url !== undefined)).toHaveLength(1);
  return { owner: owner as Session, url: shown.find((url) => url !== undefined) ?? "", others: sessions.filter((one) => one !== owner) };
}

/** The first of them that shows a login page, and the page. Rejects when the login of one has ended before. */
function nextOwner(waiting: readonly Session[]): Promise<{ owner: Session; url: string }> {
  return Promise.race(waiting.map(async (owner) => ({ owner, url: (await owner.ask("shown")) ?? "" })));
}

/** What a user's browser does. */
async function browse(url: string): Promise<void> {
  await (await fetch(await server.visit(url))).text();
}

/** Stops a process, but not in the middle of a write: the file would stay locked for all. */
async function stop(session: Session): Promise<void> {
  using database = new DatabaseSync(path, { timeout: 0 });
  for (;;) {
    session.signal("SIGSTOP");
    // A signal is on its way for a moment.
    await new Promise((resolve) => setTimeout(resolve, 50));
    try {
      database.exec("BEGIN IMMEDIATE; ROLLBACK");
      return;
    } catch {
      session.signal("SIGCONT");
    }
  }
}

/** Rejects at the first whose login has failed: the others may wait for a page that nobody visits. */
function resultsOf(some: readonly Session[]): Promise<string[]> {
  return Promise.all(
    some.map(async (one) => {
      const result = await one.ask("result");
      if (result.startsWith("ERR_")) throw new Error(`Process ${one.pid}: ${result}`);
      return result;
    }),
  );
}

it("four processes, one browser: one login gives all of them its tokens", { timeout: 120_000 }, async () => {
  const { url } = await beginAll();
  await browse(url);
  const results = new Set(await resultsOf(sessions));
  expect(results.size).toBe(1);
  expect(server.isActive([...results][0] ?? "")).toBe(true);
  expect(server.stats.tokenRequests).toEqual({ authorization_code: 1 });

  // Whoever comes later finds it.
  await sessions[0]?.ask("begin");
  expect(await sessions[0]?.ask("result")).toBe([...results][0]);
  expect(server.stats.tokenRequests).toEqual({ authorization_code: 1 });
});

it("a turn whose owner is killed goes to another process, and the rest have its tokens", { timeout: 120_000 }, async () => {
  const { owner, others } = await beginAll();
  owner.signal("SIGKILL");
  const second = await nextOwner(others);
  await browse(second.url);
  const results = await resultsOf(others);
  expect(new Set(results).size).toBe(1);
  expect(server.isActive(results[0] ?? "")).toBe(true);
  expect(server.stats.tokenRequests).toEqual({ authorization_code: 1 });
});

it("a login that fails is its own caller's error, and another process takes the turn", { timeout: 120_000 }, async () => {
  const { owner, others } = await beginAll();
  await owner.ask("cancel");
  expect(await owner.ask("result")).toBe("ERR_LOGIN_FAILED refused");
  const second = await nextOwner(others);
  await browse(second.url);
  expect(new Set(await resultsOf(others)).size).toBe(1);
  expect(server.stats.tokenRequests).toEqual({ authorization_code: 1 });
});

it("an owner that was stopped loses its turn after a while, and has the tokens when it goes on", { timeout: 240_000 }, async () => {
  const { owner, others } = await beginAll();
  await stop(owner);
  const second = await nextOwner(others);
  await browse(second.url);
  const [result = ""] = await resultsOf(others);
  owner.signal("SIGCONT");
  expect(await owner.ask("result")).toBe(result);
  expect(server.isActive(result)).toBe(true);
  expect(server.stats.tokenRequests).toEqual({ authorization_code: 1 });
});
