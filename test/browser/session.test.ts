import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { readBody } from "../servers/read-body.ts";
import type { Handler, Loopback } from "../servers/loopback.ts";
import type { Tab } from "./browsers.ts";
import { inEachBrowser } from "./in-each-browser.ts";
import { servePages } from "./page-server.ts";
import { until } from "./until.ts";

/** A backend that keeps the session in a cookie which no script reads, and wants a field against CSRF. */
interface Backend {
  /** The session that is good. */
  current: number;
  refreshes: number;
  isOver: boolean;
  statusOfRefresh: number;
  /** Where it sends whoever has no session. */
  loginPage: string | undefined;
}

function answering(backend: Backend): Handler {
  return async (request, response) => {
    const { cookie = "", "x-csrf-token": csrf } = request.headers;
    const body = await readBody(request, 1000);
    const answer = (status: number, setsCookies = false): void => {
      const { current } = backend;
      const cookies = [`session=${current}; HttpOnly; SameSite=Strict; Path=/`, `csrf=c${current}; SameSite=Strict; Path=/`];
      response.writeHead(status, setsCookies ? { "set-cookie": cookies } : {}).end();
    };
    if (request.url === "/login") {
      backend.current += 1;
      return answer(204, true);
    }
    if (request.url === "/refresh") {
      backend.refreshes += 1;
      if (backend.loginPage !== undefined) return void response.writeHead(302, { location: backend.loginPage }).end();
      if (backend.isOver || !/session=\d/.test(cookie)) return answer(401);
      if (backend.statusOfRefresh !== 204) return answer(backend.statusOfRefresh);
      // A real one takes a moment.
      await new Promise((resolve) => setTimeout(resolve, 100));
      backend.current += 1;
      return answer(204, true);
    }
    const isFresh = cookie.includes(`session=${backend.current}`) && csrf === `c${backend.current}`;
    answer(!isFresh ? 401 : body.bytes.toString() === "order" ? 200 : 400);
  };
}

inEachBrowser("a session in cookies", ({ browser }) => {
  const backend: Backend = { current: 0, refreshes: 0, isOver: false, statusOfRefresh: 204, loginPage: undefined };
  let pages: Loopback;
  let stores = 0;

  beforeAll(async () => {
    pages = await servePages(["session"], answering(backend));
  }, 60_000);
  afterAll(() => pages.close());
  beforeEach(() => void Object.assign(backend, { refreshes: 0, isOver: false, statusOfRefresh: 204, loginPage: undefined }));

  const open = async (store?: string): Promise<Tab> => {
    const opened = await browser.open(`${pages.origin}/session.html`);
    await opened.run((given) => session.start(given ?? undefined), store ?? null);
    return opened;
  };
  const logIn = (opened: Tab): Promise<unknown> => opened.run(async () => (await fetch("/login", { method: "POST" })).status);

  it.each(["fetch", "xhr"] as const)("a page asks nothing until a request is refused, then once for all (%s)", async (client) => {
    const opened = await open();
    await logIn(opened);
    expect(await opened.run((name) => session.send(name, 50), client)).toEqual({ 200: 50 });
    expect(backend.refreshes).toBe(0);
    backend.current += 1;
    expect(await opened.run((name) => session.send(name, 50), client)).toEqual({ 200: 50 });
    expect(backend.refreshes).toBe(1);
    backend.current += 1;
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
    backend.current += 1;
    const results = await Promise.all([one, two].map((opened) => opened.run(() => session.send("fetch", 20))));
    expect(results).toEqual([{ 200: 20 }, { 200: 20 }]);
    expect(backend.refreshes).toBe(1);
    await Promise.all([one.close(), two.close()]);
  });

  it("a refused renewal is a required login, told once; after a login everything works", async () => {
    const opened = await open();
    await logIn(opened);
    backend.current += 1;
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

  it.each([
    { of: "the backend", host: "127.0.0.1" },
    { of: "another origin, which answers without CORS", host: "localhost" },
  ])("a renewal that leads to a login page of $of is a required login", async ({ host }) => {
    const opened = await open();
    await logIn(opened);
    backend.current += 1;
    backend.loginPage = `${pages.origin.replace("127.0.0.1", host)}/session.html`;
    expect(await opened.run(() => session.send("fetch", 5))).toEqual({ 401: 5 });
    expect(await opened.run(() => session.send("fetch", 5))).toEqual({ ERR_LOGIN_REQUIRED: 5 });
    expect(backend.refreshes).toBe(1);
    await opened.close();
  });

  it("a backend that is away ends no session", async () => {
    const opened = await open();
    await logIn(opened);
    backend.current += 1;
    backend.statusOfRefresh = 500;
    expect(await opened.run(() => session.send("fetch", 5))).toEqual({ 401: 5 });
    backend.statusOfRefresh = 204;
    // The cache makes a pause.
    await until(opened, () => session.send("fetch", 1).then((results) => results[200] === 1));
    await opened.close();
  });
});
