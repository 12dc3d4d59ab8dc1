import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readBody } from "../servers/read-body.ts";
import type { Loopback } from "../servers/loopback.ts";
import { reasonNotToRun } from "../setup/programs.ts";
import { browsers, type Browser, type Tab } from "./browsers.ts";
import { servePages } from "./page-server.ts";

/** A backend that keeps the session in a cookie which no script reads, and wants a field against CSRF. */
const backend = { refreshes: 0, orders: 0, isOver: false, expires: 0, statusOfRefresh: 204 };
/** The session that is good. */
let current = 0;

let pages: Loopback;
beforeAll(async () => {
  pages = await servePages(["session"], async (request, response) => {
    const { cookie = "", "x-csrf-token": csrf } = request.headers;
    const body = await readBody(request, 1000);
    const isFresh = cookie.includes(`session=${current}`) && csrf === `c${current}`;
    const setCookie = (): string[] => [
      `session=${current}; HttpOnly; SameSite=Strict; Path=/`,
      `csrf=c${current}; SameSite=Strict; Path=/`,
    ];
    if (request.url === "/login") {
      current += 1;
      return void response.writeHead(204, { "set-cookie": setCookie() }).end();
    }
    if (request.url === "/refresh") {
      backend.refreshes += 1;
      if (backend.isOver || !/session=\d/.test(cookie)) return void response.writeHead(401).end();
      if (backend.statusOfRefresh !== 204) return void response.writeHead(backend.statusOfRefresh).end();
      // A real one takes a moment.
      await new Promise((resolve) => setTimeout(resolve, 100));
      current += 1;
      return void response.writeHead(204, { "set-cookie": setCookie() }).end();
    }
    backend.orders += 1;
    const isWhole = body.bytes.toString() === "order";
    response.writeHead(isFresh ? (isWhole ? 200 : 400) : 401).end("{}");
  });
}, 60_000);
afterAll(() => pages.close());

describe.each(browsers)("a session in cookies, in $name", ({ program, start }) => {
  const reason = reasonNotToRun(program);
  let browser: Browser;
  let stores = 0;

  beforeAll(async () => {
    if (reason === undefined) browser = await start();
  }, 60_000);
  afterAll(() => browser?.[Symbol.asyncDispose]());

  beforeEach(() => {
    Object.assign(backend, { refreshes: 0, orders: 0, isOver: false, statusOfRefresh: 204 });
  });

  const open = async (store?: string): Promise<Tab> => {
    const opened = await browser.open(`${pages.origin}/session.html`);
    await opened.run((given) => session.start(given ?? undefined), store ?? null);
    return opened;
  };
  const logIn = (opened: Tab): Promise<unknown> => opened.run(async () => (await fetch("/login", { method: "POST" })).status);

  describe.skipIf(reason !== undefined)(reason ?? "keeps its promises", { timeout: 60_000 }, () => {
    it.each(["fetch", "xhr"] as const)("a page asks nothing until a request is refused, then once for all (%s)", async (client) => {
      const opened = await open();
      await logIn(opened);
      expect(await opened.run((name) => session.send(name, 50), client)).toEqual({ 200: 50 });
      expect(backend.refreshes).toBe(0);
      current += 1;
      expect(await opened.run((name) => session.send(name, 50), client)).toEqual({ 200: 50 });
      expect(backend.refreshes).toBe(1);
      current += 1;
      expect(await opened.run((name) => session.send(name, 50), client)).toEqual({ 200: 50 });
      expect(backend.refreshes).toBe(2);
      await opened.close();
    });

    it("two tabs ask once together", async () => {
      const store = `session ${(stores += 1)}`;
      const [one, two] = (await Promise.all([open(store), open(store)])) as [Tab, Tab];
      await logIn(one);
      await one.run(() => session.send("fetch", 1));
      await two.run(() => session.send("fetch", 1));
      backend.refreshes = 0;
      current += 1;
      const results = await Promise.all([one, two].map((opened) => opened.run(() => session.send("fetch", 20))));
      expect(results).toEqual([{ 200: 20 }, { 200: 20 }]);
      expect(backend.refreshes).toBe(1);
      await Promise.all([one.close(), two.close()]);
    });

    it("a refused renewal is a required login, told once; after a login everything works", async () => {
      const opened = await open();
      await logIn(opened);
      current += 1;
      backend.isOver = true;
      const results = await opened.run(() => session.send("fetch", 20));
      expect(backend.refreshes).toBe(1);
      expect(results).toEqual({ 401: 20 });
      expect(await opened.run(() => session.send("fetch", 5))).toEqual({ ERR_LOGIN_REQUIRED: 5 });
      expect(backend.refreshes).toBe(1);
      backend.isOver = false;
      await logIn(opened);
      await opened.run(async () => void (await session.tokens.save(session.source.tokens())));
      expect(await opened.run(() => session.send("fetch", 5))).toEqual({ 200: 5 });
      await opened.close();
    });

    it("a backend that is away ends no session", async () => {
      const opened = await open();
      await logIn(opened);
      current += 1;
      backend.statusOfRefresh = 500;
      expect(await opened.run(() => session.send("fetch", 5))).toEqual({ 401: 5 });
      backend.statusOfRefresh = 204;
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(await opened.run(() => session.send("fetch", 5))).toEqual({ 200: 5 });
      await opened.close();
    });
  });
});
