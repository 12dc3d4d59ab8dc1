import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBrowser, loopbackLogin } from "@tokenflight/oauth/node";
import type { TokenSet } from "@tokenflight/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startLoginService, type LoginService } from "./login-service.ts";

interface Page {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends what a browser would not. */
function ask(url: URL, { method = "GET", host = url.host }: { method?: string; host?: string } = {}): Promise<Page> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, setHost: false, headers: { host } }, async (response) => {
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) text += chunk;
      resolve({ status: response.statusCode, headers: response.headers, text });
    });
    sent.once("error", reject).end();
  });
}

interface Login {
  readonly service: LoginService;
  /** The callback that would answer this login. */
  readonly callback: URL;
  readonly tokenSet: Promise<TokenSet>;
  readonly abort: AbortController;
}

async function begin(mischief: Parameters<typeof startLoginService>[0] = {}, timeout = 20): Promise<Login> {
  const service = await startLoginService(mischief);
  const abort = new AbortController();
  const opened = Promise.withResolvers<string>();
  const tokenSet = loopbackLogin(service.client, { scope: "read", open: opened.resolve, signal: abort.signal, timeout });
  tokenSet.catch(opened.reject);
  const query = new URL(await opened.promise).searchParams;
  const callback = new URL(query.get("redirect_uri") ?? "");
  callback.search = new URLSearchParams({ code: "code-1", state: query.get("state") ?? "", iss: service.origin }).toString();
  return { service, callback, tokenSet, abort };
}

const noIdToken = { idToken: () => undefined };

/** What only somebody else sends to the port, or has opened. */
const methods = ["POST", "PUT", "HEAD", "OPTIONS", "DELETE", "TRACE"];
const hosts = ["evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", "[::1]", ""];
const paths = ["/", "/favicon.ico", "/callback/", "/callbackx", "/CALLBACK", "//evil.example/callback", "/%63allback"];
const states = ["", "wrong"];
const noPages = ["javascript:alert(1)", "file:///bin/sh", "--help", "calc.exe", "$(id)", "ftp://a.example/", "https://a:b@c.example/", ""];
const commands = [
  "https://auth.example.com/a?x=1&calc.exe&y=|calc",
  "https://auth.example.com/\";calc.exe;\"?a='b'",
  "https://auth.example.com/$(touch owned)`id`;%PATH%",
];

async function stillWorks({ callback, tokenSet, service }: Login): Promise<void> {
  expect(service.spent).toEqual([]);
  expect((await ask(callback)).status).toBe(200);
  expect((await tokenSet).accessToken).toBe("access");
  expect(service.spent).toEqual(["code-1"]);
}

describe("the loopback server refuses, and the login goes on:", () => {
  it.each(methods)("the method %s", async (method) => {
    const login = await begin(noIdToken);
    expect((await ask(login.callback, { method })).status).toBe(405);
    await stillWorks(login);
  });

  it.each(hosts)("the Host %j", async (host) => {
    const login = await begin(noIdToken);
    const name = host === "localhost" ? `localhost:${login.callback.port}` : host;
    expect((await ask(login.callback, { host: name })).status).toBe(421);
    await stillWorks(login);
  });

  it.each(paths)("the path %s", async (path) => {
    const login = await begin(noIdToken);
    const status = await rawStatus(login.callback, `${path}${login.callback.search}`);
    expect(status).toBe(404);
    await stillWorks(login);
  });

  it.each(states)("the state %j of somebody who guesses the port", async (state) => {
    const login = await begin(noIdToken);
    const guessed = new URL(login.callback);
    guessed.searchParams.set("state", state);
    guessed.searchParams.set("error", "access_denied");
    expect((await ask(guessed)).status).toBe(400);
    await stillWorks(login);
  });
});

/** A request line as it is written. */
function rawStatus(callback: URL, target: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(callback.port), "127.0.0.1");
    socket.once("error", reject);
    socket.once("data", (data) => {
      resolve(Number(data.toString().split(" ")[1]));
      socket.destroy();
    });
    socket.write(`GET ${target} HTTP/1.1\r\nHost: ${callback.host}\r\n\r\n`);
  });
}

it("the page is fixed: nothing of the request stands in it, and it loads and runs nothing", async () => {
  const { callback, tokenSet } = await begin(noIdToken);
  callback.searchParams.set("x", "<script>alert(1)</script>");
  const page = await ask(callback);
  await tokenSet;
  expect(page.text).not.toMatch(/script|code-1|alert/);
  expect(page.headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
});

it("a second callback finds nobody, and no second code is spent", async () => {
  const { callback, tokenSet, service } = await begin(noIdToken);
  const answers = await Promise.allSettled([ask(callback), ask(callback), ask(callback)]);
  expect(answers.filter((one) => one.status === "fulfilled" && one.value.status === 200)).toHaveLength(1);
  await tokenSet;
  await expect(ask(callback)).rejects.toThrow("ECONN");
  expect(service.spent).toEqual(["code-1"]);
});

it("an error of the server ends the login with a page that does not repeat it", async () => {
  const { callback, tokenSet, service } = await begin();
  callback.searchParams.set("error", "access_denied");
  callback.searchParams.set("error_description", "<b>canary</b>");
  tokenSet.catch(() => {});
  const page = await ask(callback);
  expect([page.status, page.text.includes("canary")]).toEqual([400, false]);
  await expect(tokenSet).rejects.toMatchObject({ reason: "refused", error: "access_denied" });
  expect(service.spent).toEqual([]);
});

it("a signal ends the login, and the port is free", async () => {
  const { callback, tokenSet, abort, service } = await begin();
  abort.abort();
  await expect(tokenSet).rejects.toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "aborted" });
  await expect(ask(callback)).rejects.toThrow("ECONN");
  expect(service.spent).toEqual([]);
});

it("a user who does nothing ends it in time", async () => {
  const { tokenSet } = await begin({}, 0.2);
  await expect(tokenSet).rejects.toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "expired" });
});

it("a browser that does not open ends it", async () => {
  const { client } = await startLoginService();
  const open = (): never => {
    throw new Error("no browser");
  };
  await expect(loopbackLogin(client, { open })).rejects.toThrow("no browser");
  await expect(loopbackLogin(client, { open: async () => open() })).rejects.toThrow("no browser");
});

it.each(noPages)("the browser is not opened for %j", async (url) => {
  await expect(openBrowser(url)).rejects.toMatchObject({ code: "ERR_INVALID_OPTION" });
});

// Elsewhere the program has another name; that it gets the URL as one argument is the same code.
describe.runIf(process.platform === "linux")("whatever stands in a URL is one argument of a program, and no command:", () => {
  it.each(commands)("%s", async (url) => {
    const folder = mkdtempSync(join(tmpdir(), "tokenflight-browser-"));
    const given = join(folder, "given.json");
    const program = `#!${process.execPath}\nrequire("node:fs").writeFileSync(${JSON.stringify(given)}, JSON.stringify(process.argv.slice(2)));\n`;
    writeFileSync(join(folder, "xdg-open"), program, { mode: 0o755 });
    vi.stubEnv("PATH", folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await openBrowser(url)).toBe(true);
    await expect
      .poll(() => existsSync(given) && readFileSync(given, "utf8"), { timeout: 10_000 })
      .toBe(JSON.stringify([new URL(url).href]));
    expect(readdirSync(folder).toSorted()).toEqual(["given.json", "xdg-open"]);
  });

  it("where there is no browser, that is no error", async () => {
    vi.stubEnv("PATH", mkdtempSync(join(tmpdir(), "tokenflight-nothing-")));
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await openBrowser("https://auth.example.com/")).toBe(false);
  });
});

it("an opener that fails once the user has come back does not lose the tokens", async () => {
  const asked = Promise.withResolvers<void>();
  const service = await startLoginService({ idToken: () => void asked.resolve() });
  const tokenSet = await loopbackLogin(service.client, {
    scope: "read",
    async open(url) {
      const query = new URL(url).searchParams;
      const callback = new URL(query.get("redirect_uri") ?? "");
      callback.search = new URLSearchParams({ code: "code-1", state: query.get("state") ?? "", iss: service.origin }).toString();
      ask(callback).catch(() => {});
      await asked.promise;
      throw new Error("The window was closed.");
    },
  });
  expect(tokenSet.accessToken).toBe("access");
});

it("an opener that never ends does not keep the tokens", async () => {
  const service = await startLoginService(noIdToken);
  const tokenSet = await loopbackLogin(service.client, {
    scope: "read",
    async open(url) {
      const query = new URL(url).searchParams;
      const callback = new URL(query.get("redirect_uri") ?? "");
      callback.search = new URLSearchParams({ code: "code-1", state: query.get("state") ?? "", iss: service.origin }).toString();
      await ask(callback);
      await new Promise(() => {});
    },
  });
  expect(tokenSet.accessToken).toBe("access");
});

it("are counted", () => {
  const refused = [methods, hosts, paths, states, noPages, commands].map((cases) => cases.length).reduce((sum, count) => sum + count);
  process.stdout.write(`hostile loopback requests and pages: ${refused} cases\n`);
  expect(refused).toBeGreaterThanOrEqual(30);
});
