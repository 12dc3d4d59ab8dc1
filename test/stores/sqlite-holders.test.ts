import { sqliteStore } from "@tokenflight/sqlite";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const program = new URL("sqlite-holder.ts", import.meta.url);
const flags = ["--no-warnings", "--conditions=source", "--expose-gc"];

async function startProcess(
  path: string,
  end: "stay" | "end",
  user?: number,
): Promise<{ child: ChildProcess; name: string; ended: Promise<unknown> }> {
  const given = [...flags, fileURLToPath(program), path, end];
  const [command, words] =
    user === undefined
      ? [process.execPath, given]
      : ["setpriv", ["--reuid", String(user), "--regid", String(user), "--clear-groups", process.execPath, ...given]];
  const child = spawn(command, words, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const [told] = (await once(child.stdout, "data")) as [Buffer];
  return { child, name: told.toString().trim(), ended };
}

async function startWorker(path: string, end: "stay" | "end"): Promise<{ worker: Worker; name: string; ended: Promise<unknown> }> {
  const worker = new Worker(program, { argv: [path, end], execArgv: ["--conditions=source"] });
  const ended = once(worker, "exit");
  const [name] = (await once(worker, "message")) as [string];
  return { worker, name, ended };
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("a holder of a SQLite store", () => {
  it("that is a process lives while it runs and while it is stopped, and is gone when it was killed", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    const { child, name, ended } = await startProcess(path, "stay");
    expect(await store.isGone(name)).toBe(false);
    child.kill("SIGSTOP");
    expect(await store.isGone(name)).toBe(false);
    child.kill("SIGKILL");
    await ended;
    await vi.waitFor(async () => expect(await store.isGone(name)).toBe(true));
    expect(await store.isGone(name)).toBe(true);
    expect(existsSync(`${path}-holders/${name}`)).toBe(false);
  });

  it("lives although its process has let go of the store without closing it", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    const { child, name, ended } = await startProcess(path, "stay");
    const collected = once(child.stdout as NodeJS.ReadableStream, "data");
    child.kill("SIGUSR2");
    await collected;
    expect(await store.isGone(name)).toBe(false);
    child.kill("SIGKILL");
    await ended;
  });

  it("that is a process is gone when it has ended without closing anything, which holding does not delay", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    const { name, ended } = await startProcess(path, "end");
    await ended;
    expect(await store.isGone(name)).toBe(true);
  });

  it("that is a worker thread is gone when that was terminated or has ended, and others of the process live on", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    const own = await store.holder();
    const [staying, terminated, ending] = await Promise.all([
      startWorker(path, "stay"),
      startWorker(path, "stay"),
      startWorker(path, "end"),
    ]);
    await ending.ended;
    await terminated.worker.terminate();
    const all = [own, staying.name, terminated.name, ending.name];
    expect(await Promise.all(all.map((name) => store.isGone(name)))).toEqual([false, false, true, true]);
    // To look at a holder's file drops no lock of this process.
    await using another = sqliteStore({ path });
    expect(await Promise.all(all.map((name) => another.isGone(name)))).toEqual([false, false, true, true]);
    await staying.worker.terminate();
    // Who was found alive a moment ago is not looked at again at once.
    await vi.waitFor(async () => expect(await another.isGone(staying.name)).toBe(true));
  });

  it("has a file for its owner alone, which is gone with the holder, and so is the folder with the last one", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const [store, another] = [sqliteStore({ path }), sqliteStore({ path })];
    expect(await store.isGone(crypto.randomUUID())).toBe(true);
    expect(readdirSync(folder.path)).not.toContain("tokens.db-holders");
    const name = await store.holder();
    await another.holder();
    expect([modeOf(`${path}-holders`), modeOf(`${path}-holders/${name}`)]).toEqual(["700", "600"]);
    expect(readdirSync(`${path}-holders`)).toHaveLength(2);
    await another.close();
    expect(readdirSync(`${path}-holders`)).toEqual([name]);
    await store.close();
    expect(readdirSync(folder.path)).toEqual(["tokens.db"]);
  });

  it("removes the files of those who have ended when it begins, and leaves those of others", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    const killed = await startProcess(path, "stay");
    const alive = await startProcess(path, "stay");
    killed.child.kill("SIGKILL");
    await killed.ended;
    writeFileSync(`${path}-holders/notes.txt`, "");
    await using store = sqliteStore({ path });
    const name = await store.holder();
    expect(readdirSync(`${path}-holders`).toSorted()).toEqual([name, alive.name, "notes.txt"].toSorted());
    alive.child.kill("SIGKILL");
    await alive.ended;
  });

  it("is there again, by another name, when somebody has removed its file", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    await using another = sqliteStore({ path });
    const name = await store.holder();
    rmSync(`${path}-holders`, { recursive: true });
    expect(await another.isGone(name)).toBe(true);
    const next = await store.holder();
    expect(next).not.toBe(name);
    expect(await store.holder()).toBe(next);
    expect(await another.isGone(next)).toBe(false);
    // It knows that it lives.
    expect(await store.isGone(name)).toBe(false);
  });

  it("lives in the file that a link leads to now, by another name", async () => {
    using folder = temporaryFolder();
    for (const name of ["old.db", "new.db"]) {
      await using store = sqliteStore({ path: folder.file(name) });
      await store.read("key");
    }
    const link = folder.file("tokens.db");
    symlinkSync("old.db", link);
    await using store = sqliteStore({ path: link });
    await using other = sqliteStore({ path: link });
    const before = await store.holder();
    symlinkSync("new.db", `${link}.next`);
    renameSync(`${link}.next`, link);
    const name = await store.holder();
    expect(await other.isGone(name)).toBe(false);
    expect(name).not.toBe(before);
    expect(await other.isGone(before)).toBe(true);
  });

  it("is not known to be gone when its file cannot be looked at", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    await store.holder();
    const name = crypto.randomUUID();
    mkdirSync(`${path}-holders/${name}`);
    for (const odd of [name, "", "..", "../tokens.db", `${name}/..`]) expect(await store.isGone(odd)).toBe(false);
    writeFileSync(`${path}-holders/${name}-x`, "");
  });

  it.runIf(process.getuid?.() === 0)("is seen by root and by the owner of the database, whoever of them it is", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    chmodSync(folder.path, 0o777);
    writeFileSync(path, "");
    chmodSync(path, 0o600);
    chownSync(path, 65_534, 65_534);
    await using store = sqliteStore({ path });
    await store.holder();
    const { child, name, ended } = await startProcess(path, "stay", 65_534);
    expect(await store.isGone(name)).toBe(false);
    child.kill("SIGKILL");
    await ended;
    await vi.waitFor(async () => expect(await store.isGone(name)).toBe(true));
  });

  it.runIf(process.getuid?.() === 0)("is none, and nobody is gone, in a folder that a stranger has made", async () => {
    using folder = temporaryFolder();
    const path = folder.file("tokens.db");
    await using store = sqliteStore({ path });
    await store.read("key");
    mkdirSync(`${path}-holders`);
    chownSync(`${path}-holders`, 65_534, 65_534);
    await expect(store.holder()).rejects.toMatchObject({
      code: "ERR_STORE_UNAVAILABLE",
      message: expect.stringContaining("another user") as unknown,
    });
    expect(await store.isGone(crypto.randomUUID())).toBe(false);
  });
});
