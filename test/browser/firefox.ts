import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeProfile } from "../setup/browser.ts";
import type { Browser, BrowserOptions, Frame, Tab } from "./browser.ts";
import { resultOf, sourceOf } from "./page-call.ts";

/** Names and values of about:config. */
function preferencesOf({ isPrivate, denied, workerIdle }: BrowserOptions): Record<string, unknown> {
  return {
    ...(isPrivate === true && { "browser.privatebrowsing.autostart": true }),
    ...(denied === "storage" && { "network.cookie.cookieBehavior": 2 }),
    ...(denied === "storage in frames" && { "network.cookie.cookieBehavior": 1 }),
    ...(workerIdle !== undefined && { "dom.serviceWorkers.idle_timeout": workerIdle }),
  };
}

/** Firefox is driven by its own WebDriver BiDi, over a plain WebSocket: nothing else has to be installed. */
export async function startFirefox(options: BrowserOptions = {}): Promise<Browser> {
  const profile = makeProfile("firefox");
  const preferences = Object.entries(preferencesOf(options)).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`);
  writeFileSync(join(profile, "user.js"), preferences.join(""));
  const firefox = spawn("firefox-esr", ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, HOME: profile },
  });
  // Also when the test has not waited for it.
  const kill = (): void => void firefox.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise<void>((resolve) => void firefox.once("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    firefox.once("error", reject);
    firefox.once("exit", (code) => reject(new Error(`Firefox ended with ${code}: ${said}`)));
    firefox.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const send = await connect(`${url}/session`);
  await send("session.new", { capabilities: {} });

  return {
    async open(to) {
      const { context } = await send<{ context: string }>("browsingContext.create", { type: "tab" });
      const tab = tabOf(send, context);
      await tab.goto(to);
      return tab;
    },
    stopWorkers: async () => {},
    async tabs() {
      const { contexts } = await send<{ contexts: { context: string }[] }>("browsingContext.getTree", {});
      return contexts.map(({ context }) => tabOf(send, context));
    },
    async [Symbol.asyncDispose]() {
      await send("session.end", {}).catch(() => {});
      firefox.kill();
      await ended;
      process.off("exit", kill);
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function frameOf(send: Send, context: string): Frame {
  const evaluate = async (source: string, userActivation: boolean): Promise<unknown> => {
    const asked = { expression: source, target: { context }, awaitPromise: true, resultOwnership: "none", userActivation };
    const answer = await send<{ result?: { value: unknown }; exceptionDetails?: unknown }>("script.evaluate", asked);
    if (answer.result === undefined) throw new Error(JSON.stringify(answer.exceptionDetails));
    return answer.result.value;
  };
  return {
    run: async (work, ...given) => resultOf(await evaluate(sourceOf(work, given), false)),
    click: async (work, ...given) => resultOf(await evaluate(sourceOf(work, given), true)),
  };
}

function tabOf(send: Send, context: string): Tab {
  return {
    ...frameOf(send, context),
    goto: async (url) => void (await send("browsingContext.navigate", { context, url, wait: "complete" })),
    reload: async () => void (await send("browsingContext.reload", { context, wait: "complete" })),
    back: async () => void (await send("browsingContext.traverseHistory", { context, delta: -1 })),
    async frame() {
      const { contexts } = await send<{ contexts: { children: { context: string }[] }[] }>("browsingContext.getTree", { root: context });
      const child = contexts[0]?.children[0];
      if (child === undefined) throw new Error("The page has no frame.");
      return frameOf(send, child.context);
    },
    show: async () => void (await send("browsingContext.activate", { context })),
    close: async () => void (await send("browsingContext.close", { context })),
  };
}

/** Sends one command of WebDriver BiDi, and gives its result. */
type Send = <Result>(method: string, params: object) => Promise<Result>;

async function connect(url: string): Promise<Send> {
  const socket = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error("Firefox takes no connection."));
  });
  const calls = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  socket.onmessage = ({ data }) => {
    const answer = JSON.parse(String(data)) as { id?: number; type: string; result: never; error: string; message: string };
    const call = calls.get(answer.id ?? -1);
    calls.delete(answer.id ?? -1);
    if (answer.type === "error") call?.reject(new Error(`${answer.error}: ${answer.message}`));
    else call?.resolve(answer.result);
  };
  const gone = (): Error => new Error("Firefox has closed its connection.");
  // A test would wait for its timeout otherwise, and so would each that comes after it.
  socket.onclose = () => {
    for (const { reject } of calls.values()) reject(gone());
  };
  let count = 0;
  return (method, params) =>
    new Promise((resolve, reject) => {
      if (socket.readyState !== WebSocket.OPEN) return reject(gone());
      count += 1;
      calls.set(count, { resolve, reject });
      socket.send(JSON.stringify({ id: count, method, params }));
    });
}
