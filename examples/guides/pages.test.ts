import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, it } from "vitest";
import type { Tab } from "../../test/browser/browsers.ts";
import { withCors } from "../../test/browser/cors.ts";
import { inEachBrowser } from "../../test/browser/in-each-browser.ts";
import { until } from "../../test/browser/until.ts";
import type { Answer } from "../../test/servers/answer.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../../test/servers/authorization-server.ts";
import { startLoopback, type Handler, type Loopback } from "../../test/servers/loopback.ts";
import { startResourceApi, type ResourceApi } from "../../test/servers/resource-api.ts";
import { heldAnswer } from "../../test/servers/token-endpoint-faults.ts";
import { bundle, bundleWorker, type PageFile } from "../tabs/build-page.ts";

const folder = new URL("./", import.meta.url);

/** Stand in the built programs for what is known when the servers run. */
const places = { VITE_ISSUER: "https://issuer.test.invalid", VITE_CLIENT_ID: "app", VITE_API_ORIGIN: "https://api.test.invalid" };

const programs = new Map<string, Promise<[string, PageFile][]>>();

/** Each program is built once. */
function built(name: string, build: typeof bundle): Promise<[string, PageFile][]> {
  const made = programs.get(name) ?? build(folder, `${name}.ts`, places);
  programs.set(name, made);
  return made;
}

/** What a backend of a page's own answers to; false for what it does not know. */
type Backend = (...given: Parameters<Handler>) => boolean;

/** Serves a program of a guide as the script of a page, at `/` and at `/callback`. */
async function servePage(files: () => ReadonlyMap<string, PageFile>, program: string, backend: Backend = () => false): Promise<Loopback> {
  return startLoopback(() => (request, response) => {
    if (backend(request, response)) return;
    const [path = ""] = (request.url ?? "").split("?");
    const file = files().get(path);
    if (file !== undefined) return void response.writeHead(200, { "content-type": file.type }).end(file.content);
    if (path !== "/" && path !== "/callback") return void response.writeHead(404).end();
    const html = `<!doctype html><meta charset="utf-8"><title>Guide</title><body></body><script type="module" src="/${program}.js"></script>`;
    response.writeHead(200, { "content-type": "text/html" }).end(html);
  });
}

inEachBrowser("the guide to single-page apps does what it says", ({ browser }) => {
  let pages: Loopback;
  let server: AuthorizationServer;
  let api: ResourceApi;
  let resources: Loopback;

  const textOf = (tab: Tab): Promise<string> => tab.run(() => document.body.textContent ?? "");
  const shows = (tab: Tab, text: string): Promise<void> => until(tab, (wanted) => (document.body.textContent ?? "").includes(wanted), text);
  /** A login that fails must not leave an empty page. */
  const callbackOfNoLogin = (): string => `${pages.origin}/callback?code=planted&state=planted`;
  const click = (tab: Tab): Promise<void> => tab.run(() => document.querySelector("button")?.click());

  async function startApp(name: string, worker?: string, cors: (api: ResourceApi) => Promise<Loopback> = withCors): Promise<void> {
    let files: ReadonlyMap<string, PageFile> = new Map();
    pages = await servePage(() => files, name);
    const clients = [
      {
        clientId: "app",
        clientSecret: "unused",
        redirectUri: `${pages.origin}/callback`,
        metadata: { token_endpoint_auth_method: "none", client_secret: undefined },
      },
    ] as const;
    server = await startAuthorizationServer({ accessTokenLifetime: 600, clients, pages: [pages.origin] });
    api = await startResourceApi({ isActive: (token) => server.isActive(token) });
    resources = await cors(api);
    const [page, script = []] = await Promise.all([built(name, bundle), ...(worker === undefined ? [] : [built(worker, bundleWorker)])]);
    const fill = (text: string): string =>
      text.replaceAll(places.VITE_ISSUER, server.issuer).replaceAll(places.VITE_API_ORIGIN, resources.origin);
    files = new Map([...page, ...script].map(([path, file]) => [path, { ...file, content: fill(String(file.content)) }]));
  }

  beforeEach(() => async () => {
    await Promise.all([pages?.close(), server?.close(), api?.close(), resources?.close()]);
  });

  it("a single-page app: logs in, calls through three clients, finds its login again, and logs out in every tab", async () => {
    await startApp("single-page-app");
    const tab = await browser.open(callbackOfNoLogin());
    await shows(tab, "You are logged out.");
    await tab.run((page) => location.assign(page), `${pages.origin}/`);
    await until(tab, () => location.pathname === "/");
    await shows(tab, "You are logged out.");
    await click(tab);
    await shows(tab, "The API answered 200, 200, 200.");
    expect(await tab.run(() => location.href)).toBe(`${pages.origin}/`);

    const other = await browser.open(`${pages.origin}/`);
    await shows(other, "The API answered 200, 200, 200.");
    expect(server.stats.tokensIssued).toBe(1);
    const { authorization = "" } = api.requests.at(-1) ?? {};

    await click(other);
    await shows(other, "You are logged out.");
    expect(server.isActive(authorization.replace("Bearer ", ""))).toBe(false);
    await tab.reload();
    await shows(tab, "You are logged out.");
    expect(server.stats.tokensIssued).toBe(1);
    await Promise.all([tab.close(), other.close()]);
  });

  it.each([
    { fields: "CORS fields", readable: true, issued: 2, text: "The API answered 200, 200, 200." },
    { fields: "no CORS fields", readable: false, issued: 1, text: "" },
  ])("a 401 with $fields: $issued token requests", async ({ readable, issued, text }) => {
    let refused = 0;
    const cors = (): Promise<Loopback> =>
      startLoopback(() => ({ method, headers: { authorization = "" } }, response) => {
        const fields = { "access-control-allow-origin": "*", "access-control-allow-headers": "Authorization" };
        if (method === "OPTIONS") return void response.writeHead(204, fields).end();
        if (server.isActive(authorization.replace("Bearer ", ""))) return void response.writeHead(200, fields).end();
        refused += 1;
        response.writeHead(401, readable ? fields : {}).end();
      });
    await startApp("single-page-app", undefined, cors);
    const tab = await browser.open(`${pages.origin}/`);
    await shows(tab, "You are logged out.");
    let accessToken = "";
    server.faults.always(async (_, carryOut) => {
      const answer = (await carryOut()) as Answer & { body: string };
      accessToken = (JSON.parse(answer.body) as { access_token: string }).access_token;
      return answer;
    });
    await click(tab);
    await shows(tab, "The API answered 200, 200, 200.");
    expect(server.revokeAccessToken(accessToken)).toBe(true);
    await tab.reload();
    const isRefused = (): boolean => refused > 0;
    while (!isRefused()) await sleep(20);
    if (text !== "") await shows(tab, text);
    expect([(await textOf(tab)).trim(), server.stats.tokensIssued]).toEqual([expect.stringContaining(text), issued]);
    expect(refused).toBe(1);
    await tab.close();
  });

  it("a page with a worker: logs in at once, and finds its login again", async () => {
    await startApp("page-with-a-worker", "token-worker");
    const tab = await browser.open(`${pages.origin}/`);
    await shows(tab, "The API answered 200.");
    await tab.reload();
    await shows(tab, "The API answered 200.");
    expect(server.stats.tokensIssued).toBe(1);
    await tab.close();
  });

  it("several tabs: one login, one refresh that no reload loses, one logout", async () => {
    await startApp("several-tabs", "several-tabs-worker");
    const press = (tab: Tab, label: string): Promise<void> =>
      tab.run((wanted) => [...document.querySelectorAll("button")].find(({ textContent }) => textContent === wanted)?.click(), label);
    const answered = (tab: Tab): Promise<void> => until(tab, (wanted) => document.title === wanted, "The API answered 200.");
    const lost = await browser.open(callbackOfNoLogin());
    await shows(lost, "You are logged out.");
    await lost.close();
    const [first, second] = [await browser.open(`${pages.origin}/`), await browser.open(`${pages.origin}/`)];
    await shows(first, "You are logged out.");
    await shows(second, "You are logged out.");
    await press(first, "Log in");
    await shows(first, "You are logged in.");
    await shows(second, "You are logged in.");
    await press(second, "Show orders");
    await answered(second);
    expect(server.stats.tokenRequests).toEqual({ authorization_code: 1 });

    // The token is refused, and the tab that has it renewed is loaded anew while the answer is on its way.
    const token = (api.requests.at(-1)?.authorization ?? "").replace("Bearer ", "");
    server.revokeAccessToken(token);
    const { fault, arrived, leave } = heldAnswer();
    server.faults.next(fault);
    await press(second, "Show orders");
    await arrived;
    await second.reload();
    leave();
    await shows(second, "You are logged in.");
    await Promise.all([press(first, "Show orders"), press(second, "Show orders")]);
    await Promise.all([answered(first), answered(second)]);
    expect(server.stats).toMatchObject({ refreshTokenReuses: 0, tokenRequests: { authorization_code: 1, refresh_token: 1 } });

    const renewed = (api.requests.at(-1)?.authorization ?? "").replace("Bearer ", "");
    await press(first, "Log out");
    await shows(first, "You are logged out.");
    await shows(second, "You are logged out.");
    // The pages know of it before the server does.
    while (server.isActive(renewed)) await sleep(20);
    await Promise.all([first.close(), second.close()]);
  });

  it("session cookies: asks nothing until a request is refused, and sends the field against CSRF", async () => {
    const asked: string[] = [];
    let session = 1;
    const fields = (): Record<string, string[]> => ({
      "set-cookie": [`session=${session}; HttpOnly; SameSite=Strict; Path=/`, `csrf=c${session}; SameSite=Strict; Path=/`],
    });
    let files: ReadonlyMap<string, PageFile> = new Map();
    pages = await servePage(
      () => files,
      "session-cookies",
      ({ url = "", method, headers }, response) => {
        if (method !== "POST") return false;
        const isGood = headers["x-csrf-token"] === `c${session}` && (headers.cookie ?? "").includes(`session=${session}`);
        asked.push(`${url} ${isGood}`);
        if (url === "/refresh") {
          session += Number(!isGood);
          response.writeHead(204, fields()).end();
        } else response.writeHead(isGood ? 200 : 401).end();
        return true;
      },
    );
    files = new Map(await built("session-cookies", bundle));
    const tab = await browser.open(`${pages.origin}/`);
    await shows(tab, "The backend answered 200.");
    asked.length = 0;
    await tab.reload();
    await shows(tab, "The backend answered 200.");
    expect(asked).toEqual(["/orders true"]);

    asked.length = 0;
    session += 1;
    await tab.reload();
    await shows(tab, "The backend answered 200.");
    expect(asked).toEqual(["/orders false", "/refresh false", "/orders true"]);
    await tab.close();
  });
});
