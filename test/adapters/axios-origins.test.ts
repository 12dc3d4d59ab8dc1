import { once } from "node:events";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attachBearer } from "@tokenflight/axios";
import axios, { type AxiosAdapter, type AxiosRequestConfig } from "axios";
import { describe, expect, it } from "vitest";
import { startSession } from "../end-to-end/session.ts";
import { startResourceApi } from "../servers/resource-api.ts";
import { adapters, attachedTo } from "./axios-under-test.ts";

/** Ports of the API and of a server that must never get a token. Both are at 127.0.0.1. */
interface Ports {
  readonly api: string;
  readonly other: string;
}

type Spelling = [name: string, request: (ports: Ports) => AxiosRequestConfig, bearer: number];

const noBase = { baseURL: "" };

/** How many requests with a token arrive at the API; none may ever arrive anywhere else. */
const spellings: Spelling[] = [
  ["a path", () => ({ url: "/a" }), 1],
  ["a path without a slash", () => ({ url: "a" }), 1],
  ["no URL", () => ({}), 1],
  ["an absolute URL", ({ api }) => ({ url: `http://127.0.0.1:${api}/a` }), 1],
  ["an absolute URL and no base", ({ api }) => ({ url: `http://127.0.0.1:${api}`, ...noBase }), 1],
  ["capitals", ({ api }) => ({ url: `HTTP://127.0.0.1:${api}/a` }), 1],
  ["another spelling of the address", ({ api }) => ({ url: `http://0x7f.1:${api}/a` }), 1],
  ["the address as one number", ({ api }) => ({ url: `http://2130706433:${api}/a` }), 1],
  ["a trailing dot after an address", ({ api }) => ({ url: `http://127.0.0.1.:${api}/a` }), 1],
  ["tabs and newlines", ({ api }) => ({ url: `ht\ttp://127.0.0.1\n:${api}/a`, ...noBase }), 1],
  ["params that look like a host", ({ other }) => ({ url: "/a", params: { "@": `127.0.0.1:${other}` } }), 1],
  ["a path that looks like a user", ({ other }) => ({ url: `@127.0.0.1:${other}/a` }), 1],
  ["backslashes behind the base", ({ other }) => ({ url: `\\\\127.0.0.1:${other}/a` }), 1],
  ["a tab before slashes, behind the base", ({ other }) => ({ url: `\t//127.0.0.1:${other}/a` }), 1],
  ["an absolute URL that is not allowed to be one", ({ other }) => ({ url: `http://127.0.0.1:${other}/a`, allowAbsoluteUrls: false }), 1],
  [
    "a base whose authority ends with a backslash",
    ({ api, other }) => ({ url: "/a", baseURL: `http://127.0.0.1:${api}\\@127.0.0.1:${other}` }),
    1,
  ],
  ["another port", ({ other }) => ({ url: `http://127.0.0.1:${other}/a` }), 0],
  ["another port, in capitals with tabs", ({ other }) => ({ url: `HT\tTP://127.0.0.1:${other}/a`, ...noBase }), 0],
  ["localhost instead of 127.0.0.1", ({ api }) => ({ url: `http://localhost:${api}/a` }), 0],
  ["no scheme", ({ other }) => ({ url: `//127.0.0.1:${other}/a` }), 0],
  ["no scheme, and no base", ({ other }) => ({ url: `//127.0.0.1:${other}/a`, ...noBase }), 0],
  ["a scheme without slashes", ({ other }) => ({ url: `http:127.0.0.1:${other}/a` }), 0],
  ["a scheme with backslashes", ({ other }) => ({ url: `http:\\\\127.0.0.1:${other}\\a` }), 0],
  ["the API as user name", ({ api, other }) => ({ url: `http://127.0.0.1:${api}@127.0.0.1:${other}/a` }), 0],
  ["the API as user and password", ({ api, other }) => ({ url: `http://127.0.0.1:${api}:x@127.0.0.1:${other}/a`, ...noBase }), 0],
  ["credentials for the API itself", ({ api }) => ({ url: `http://user:password@127.0.0.1:${api}/a` }), 0],
  ["a longer port", ({ api }) => ({ url: `http://127.0.0.1:${api}0/a` }), 0],
  ["a longer host", ({ api }) => ({ url: `http://127.0.0.1:${api}.example.invalid/a` }), 0],
  ["another base", ({ other }) => ({ url: "/a", baseURL: `http://127.0.0.1:${other}/v1` }), 0],
  [
    "another base, and absolute URLs not allowed",
    ({ api, other }) => ({ url: `http://127.0.0.1:${api}/a`, baseURL: `http://127.0.0.1:${other}`, allowAbsoluteUrls: false }),
    0,
  ],
  ["a base with the API as user name", ({ api, other }) => ({ url: "/a", baseURL: `http://127.0.0.1:${api}@127.0.0.1:${other}` }), 0],
  ["a base that ends within the port", ({ other }) => ({ url: `${other}/a`, baseURL: "http://127.0.0.1:" }), 0],
  ["a base that ends within the scheme", ({ other }) => ({ url: `127.0.0.1:${other}/a`, baseURL: "http://" }), 0],
  ["a URL object", ({ other }) => ({ url: new URL(`http://127.0.0.1:${other}/a`) as never, ...noBase }), 0],
  [
    "an object that changes its mind",
    ({ api, other }) => ({ url: changing(`http://127.0.0.1:${api}/a`, `http://127.0.0.1:${other}/a`) as never, ...noBase }),
    0,
  ],
];

function changing(first: string, then: string): object {
  let asked = 0;
  return { toString: () => ((asked += 1) === 1 ? first : then) };
}

describe.each(adapters)("%s", (adapter) => {
  it.each(spellings)("the token goes to the API and nowhere else: %s", async (_name, request, bearer) => {
    await using session = await startSession();
    await using other = await startResourceApi({ isActive: () => true });
    const ports = { api: new URL(session.api.origin).port, other: new URL(other.origin).port };

    const [outcome] = await Promise.allSettled([attachedTo(session, { adapter }).request({ timeout: 1000, ...request(ports) })]);

    expect(other.requests.filter(({ authorizationKind }) => authorizationKind === "bearer")).toEqual([]);
    expect(session.api.requests.filter(({ authorizationKind }) => authorizationKind === "bearer")).toHaveLength(bearer);
    expect(outcome.status).toBe(bearer === 1 ? "fulfilled" : "rejected");
    expect(session.refreshes()).toBe(0);
  });

  it("an interceptor that sends a request elsewhere, before or after ours, takes no token along", async () => {
    await using session = await startSession();
    await using other = await startResourceApi({ isActive: () => true });
    const instance = axios.create({ baseURL: session.api.origin, adapter, validateStatus: null });
    const elsewhere = (path: string) => {
      instance.interceptors.request.use((config) => (config.url === path ? { ...config, baseURL: other.origin } : config));
    };
    elsewhere("/before");
    attachBearer(instance, session.tokens);
    elsewhere("/after");

    await instance.get("/before");
    await instance.get("/after");
    await instance.get("/");

    expect(other.requests.map(({ url, authorizationKind }) => [url, authorizationKind])).toEqual([
      ["/before", "none"],
      ["/after", "none"],
    ]);
    expect(session.api.requests.map(({ status }) => status)).toEqual([200]);
  });

  it("D56 neither the base URL nor the params are doubled in a replay", async () => {
    await using session = await startSession();
    session.server.revokeAccessToken((await session.tokens.get()).accessToken);
    const instance = attachedTo(
      session,
      { adapter, baseURL: `${session.api.origin}/v1/`, params: { always: 1 } },
      { origins: session.api.origin },
    );

    await instance.get("/me?in=url", {
      params: { page: 2 },
      paramsSerializer: { serialize: (params) => new URLSearchParams(params as never).toString() },
    });

    expect(session.api.requests.map(({ url, status }) => [url, status])).toEqual([
      ["/v1/me?in=url&always=1&page=2", 401],
      ["/v1/me?in=url&always=1&page=2", 200],
    ]);
  });

  it("a scheme sees the whole URL that is asked for, and no default of axios itself", async () => {
    await using session = await startSession();
    const seen: string[] = [];
    const scheme = ({ accessToken }: { accessToken: string }, { url, method }: { url: string; method: string }): Record<string, string> => {
      seen.push(`${method} ${url}`);
      return { authorization: `Bearer ${accessToken}` };
    };
    const instance = attachedTo(session, { adapter }, { scheme });
    axios.defaults.params = { stray: true };
    try {
      await instance.get("/me", { params: { page: 2 } });
    } finally {
      delete axios.defaults.params;
    }
    expect(seen.map((one) => one.toUpperCase())).toEqual([`GET ${session.api.origin}/me?page=2`.toUpperCase()]);
  });
});

it("in a browser, URLs that are relative to the page are at the page's origin", async () => {
  await using session = await startSession();
  const seen: unknown[] = [];
  const record: AxiosAdapter = async (config) => {
    seen.push([config.url, config.headers.has("Authorization")]);
    return { data: "", status: 200, statusText: "", headers: {}, config };
  };
  const page = globalThis as { location?: unknown };
  page.location = { href: `${session.api.origin}/app/index.html` };
  try {
    const instance = attachedTo(session, { baseURL: "/v1", adapter: record });
    for (const url of ["me", "http://127.0.0.1:1/me", "//127.0.0.1:1/me"]) await instance.get(url);
    await instance.get("socket", { socketPath: "/tmp/some.sock" });
    await instance.get(changing(session.api.origin, "http://127.0.0.1:1") as never);
  } finally {
    delete page.location;
  }
  expect(seen.map((one) => (one as unknown[])[1])).toEqual([true, false, false, false, false]);
});

it("a unix socket gets no token, whatever host the URL names", async () => {
  await using session = await startSession();
  const seen: unknown[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end("{}");
  });
  const socketPath = join(tmpdir(), `tokenflight-${process.pid}-${Date.now()}.sock`);
  await once(server.listen(socketPath), "listening");
  try {
    await attachedTo(session).get("/", { socketPath });
    expect(seen).toEqual([undefined]);
  } finally {
    server.close();
  }
});
