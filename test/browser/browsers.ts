import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBrowser } from "../setup/browser.ts";
import { chromium, firefox, type Program } from "../setup/programs.ts";

/** A tab, as every browser has one. */
export interface Tab {
  /** Runs a function of the page in it, which has to be one that needs nothing of its surroundings, and gives what it resolves to, as JSON. */
  run<Result, Given extends readonly unknown[]>(work: (...given: Given) => Result | Promise<Result>, ...given: Given): Promise<Result>;
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** A running browser with a profile of its own. */
export interface Browser extends AsyncDisposable {
  open(url: string): Promise<Tab>;
}

export interface BrowserKind {
  readonly name: string;
  readonly program: Program;
  start(): Promise<Browser>;
}

export const browsers: readonly BrowserKind[] = [
  { name: "Chromium", program: chromium, start: startChromium },
  { name: "Firefox", program: firefox, start: startFirefox },
];

/** A call as text: what it gives comes back as JSON, and what it throws as an error of this process. */
function sourceOf(work: (...given: never[]) => unknown, given: readonly unknown[]): string {
  const call = `(${work.toString()})(...${JSON.stringify(given)})`;
  return `Promise.resolve().then(() => ${call}).then((value) => JSON.stringify({ value }), (error) => JSON.stringify({ error: String(error) + "\\n" + String(error?.stack ?? "") }))`;
}

function resultOf<Result>(answer: unknown): Result {
  const { value, error } = JSON.parse(String(answer)) as { value?: Result; error?: string };
  if (error !== undefined) throw new Error(error);
  return value as Result;
}

async function startChromium(): Promise<Browser> {
  const browser = await startBrowser();
  return {
    async open(url) {
      const page = await browser.context.newPage();
      await page.goto(url);
      return {
        run: async (work, ...given) => resultOf(await page.evaluate(sourceOf(work, given))),
        goto: async (to) => void (await page.goto(to)),
        reload: async () => void (await page.reload()),
        close: () => page.close(),
      };
    },
    [Symbol.asyncDispose]: () => browser[Symbol.asyncDispose](),
  };
}

/** Firefox is driven by its own WebDriver BiDi, over a plain WebSocket: nothing else has to be installed. */
async function startFirefox(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "tokenflight-firefox-"));
  const firefox = spawn("firefox-esr", ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, HOME: profile },
  });
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
  const socket = new WebSocket(`${url}/session`);
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
  let count = 0;
  const send = <Result>(method: string, params: object): Promise<Result> =>
    new Promise<Result>((resolve, reject) => {
      count += 1;
      calls.set(count, { resolve, reject });
      socket.send(JSON.stringify({ id: count, method, params }));
    });
  await send("session.new", { capabilities: {} });
  return {
    async open(to) {
      const { context } = await send<{ context: string }>("browsingContext.create", { type: "tab" });
      const goto = async (href: string): Promise<void> =>
        void (await send("browsingContext.navigate", { context, url: href, wait: "complete" }));
      await goto(to);
      return {
        async run(work, ...given) {
          const asked = { expression: sourceOf(work, given), target: { context }, awaitPromise: true, resultOwnership: "none" };
          const { result, exceptionDetails } = await send<{ result?: { value: unknown }; exceptionDetails?: unknown }>(
            "script.evaluate",
            asked,
          );
          if (result === undefined) throw new Error(JSON.stringify(exceptionDetails));
          return resultOf(result.value);
        },
        goto,
        reload: async () => void (await send("browsingContext.reload", { context, wait: "complete" })),
        close: async () => void (await send("browsingContext.close", { context })),
      };
    },
    async [Symbol.asyncDispose]() {
      await send("session.end", {}).catch(() => {});
      socket.close();
      firefox.kill();
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
