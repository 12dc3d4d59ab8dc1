import { attachBearer } from "@tokenflight/axios";
import { createTokenCache } from "@tokenflight/core";
import axios, { AxiosHeaders, type AxiosAdapter, type AxiosRequestConfig, type AxiosStatic, type InternalAxiosRequestConfig } from "axios";
import { describe, expect, it } from "vitest";
import { startSession, type Session } from "../end-to-end/session.ts";
import { adapters, attachedTo, refuseToken, rejectionOf } from "./axios-under-test.ts";

const statuses = ({ api }: Session): (number | undefined)[] => api.requests.map(({ status }) => status);

const waysToName: [string, AxiosRequestConfig["adapter"]][] = [
  ['"http"', "http"],
  ['"fetch"', "fetch"],
  ['["fetch"]', ["fetch"]],
  ['["xhr", "http", "fetch"]', ["xhr", "http", "fetch"]],
  ["a function", (config) => axios.getAdapter("http")(config)],
  ["a function in an array", [(config) => axios.getAdapter("http")(config)]],
  ["axios's own fetch adapter, as a function", axios.getAdapter("fetch")],
];

it.each(waysToName)("an adapter named as %s for one request is used, authenticated and shown as it was named", async (_name, adapter) => {
  await using session = await startSession();
  await refuseToken(session);

  const { data, config } = await attachedTo(session).get<{ url: string }>("/named", { adapter } as AxiosRequestConfig);

  expect(data.url).toBe("/named");
  expect(config.adapter).toEqual(adapter);
  expect(statuses(session)).toEqual([401, 200]);
});

it("an unsafe request through a fetch adapter that we cannot watch is not repeated, as a redirect would not show", async () => {
  await using session = await startSession();
  await refuseToken(session);
  const instance = attachedTo(session, { adapter: (config) => axios.getAdapter("fetch")(config) });
  expect((await rejectionOf(instance.post("/", { order: 1 }))).status).toBe(401);
  expect(statuses(session)).toEqual([401]);
});

it("an instance whose own default is gone falls back to axios's, as it does without us", async () => {
  await using session = await startSession();
  const instance = attachedTo(session);
  delete instance.defaults.adapter;
  expect((await instance.get("/")).status).toBe(200);
  expect((await rejectionOf(instance.get("/", { adapter: "carrier-pigeon" as "http" }))).message).toContain(
    "Unknown adapter 'carrier-pigeon'",
  );
});

describe("adapter functions", () => {
  // As most adapters do, it does not ask whether its status is valid.
  const answer = (config: InternalAxiosRequestConfig, status: number): ReturnType<AxiosAdapter> =>
    Promise.resolve({ data: "an answer", status, statusText: "", headers: {}, config });

  it("a mock gets the token, its 401 is replayed, and the caller's config stays its own", async () => {
    await using session = await startSession();
    const sent: unknown[] = [];
    const mock: AxiosAdapter = (config) => {
      sent.push(config.headers.get("Authorization"));
      return answer(config, sent.length === 1 ? 401 : 200);
    };
    const before = (await session.tokens.get()).accessToken;

    const response = await attachedTo(session, { adapter: mock }).post("/", { order: 1 });

    expect(sent).toEqual([`Bearer ${before}`, `Bearer ${(await session.tokens.get()).accessToken}`]);
    expect(response).toMatchObject({ status: 200, data: "an answer" });
    expect(response.config.headers.has("Authorization")).toBe(false);
    expect(response.config.adapter).toBe(mock);
  });

  it("a mock gets the caller's own fields of the config, whatever they are called by", async () => {
    await using session = await startSession();
    const label = Symbol("label");
    const seen: unknown[] = [];
    const mock: AxiosAdapter = (config) => {
      seen.push((config as never)[label], (config as never)["tenant"], config.hasOwnProperty("tenant"), config.hasOwnProperty("toString"));
      return answer(config, 200);
    };
    await attachedTo(session, { adapter: mock }).get("/", { [label]: "a symbol's", tenant: "a name's" } as AxiosRequestConfig);
    expect(seen).toEqual(["a symbol's", "a name's", true, false]);
  });

  it.each(["Authorization", "authorization", "AUTHORIZATION"])(
    "I119 a mock or a matcher that reads config.headers.%s by axios's own spelling finds the token, and a placeholder is gone",
    async (placed) => {
      await using session = await startSession();
      const seen: unknown[] = [];
      const mock: AxiosAdapter = (config) => {
        seen.push(
          Object.entries(config.headers).filter(([name]) => name.toLowerCase() === "authorization"),
          config.headers.Authorization,
        );
        return answer(config, 200);
      };
      const { accessToken } = await session.tokens.get();
      const instance = attachedTo(session, { adapter: mock }, { placeholder: "Bearer none" });

      const { config } = await instance.get("/", { headers: { [placed]: "Bearer none" } });

      expect(seen).toEqual([[["Authorization", `Bearer ${accessToken}`]], `Bearer ${accessToken}`]);
      expect(config.headers.get("authorization")).toBe("Bearer none");
      await instance.get("/");
      expect(seen.at(-1)).toBe(`Bearer ${accessToken}`);
    },
  );

  it("a config that an interceptor sends through the same instance again is not wrapped twice", async () => {
    await using session = await startSession();
    let sent = 0;
    const mock: AxiosAdapter = (config) => {
      sent += 1;
      return answer(config, 401);
    };
    const instance = axios.create({ baseURL: session.api.origin, adapter: mock, validateStatus: null });
    instance.interceptors.request.use(async (config) => {
      if (!config.headers.has("x-nested")) await instance.request({ ...config, headers: { "x-nested": "yes" } } as AxiosRequestConfig);
      return config;
    });
    attachBearer(instance, session.tokens, { scheme: () => ({ "x-api-key": "ours" }) });

    await instance.get("/");

    // The nested one twice, and the other once: by then a brand-new token had been refused.
    expect(sent).toBe(3);
  });

  it.each([
    ["plain headers that say insufficient_scope", { "WWW-Authenticate": 'Bearer error="insufficient_scope"' }, 1],
    ["plain headers that say invalid_token", { "WWW-Authenticate": 'Bearer error="invalid_token"' }, 2],
    ["no headers at all", undefined, 2],
  ])("an adapter that answers 401 with %s is understood", async (_name, headers, times) => {
    await using session = await startSession();
    let sent = 0;
    const mock = (async (config) => {
      sent += 1;
      return { data: "", status: 401, statusText: "", headers, config };
    }) as AxiosAdapter;

    expect((await attachedTo(session, { adapter: mock }).get("/")).status).toBe(401);

    expect(sent).toBe(times);
  });

  it.each([
    ["rejects", (): Promise<never> => Promise.reject(new RangeError("an adapter's own"))],
    [
      "throws",
      (): never => {
        throw new RangeError("an adapter's own");
      },
    ],
  ])("what an adapter %s with is the very same object for the caller, and nothing is sent again", async (_name, fail) => {
    await using session = await startSession();
    let sent = 0;
    const mock: AxiosAdapter = () => {
      sent += 1;
      return fail();
    };
    const error = await rejectionOf(attachedTo(session, { adapter: mock }).get("/"));
    expect(error).toMatchObject({ name: "RangeError", message: "an adapter's own" });
    expect(sent).toBe(1);
  });

  it("an adapter that copies its config into an error gives no token away", async () => {
    await using session = await startSession();
    const mock: AxiosAdapter = (config) => {
      const copy = { ...config, headers: new AxiosHeaders({ ...config.headers.toJSON() }) };
      throw new axios.AxiosError("copied", "ERR_COPIED", copy);
    };
    const error = await rejectionOf(attachedTo(session, { adapter: mock }).get("/"));
    expect(error.config?.headers.toJSON()).not.toHaveProperty("authorization");
  });

  it("an adapter of a browser tells a redirect by the URL that answered", async () => {
    await using session = await startSession();
    const sent: string[] = [];
    const xhr =
      (responseURL: string): AxiosAdapter =>
      async (config) => {
        sent.push(config.method ?? "");
        return { ...(await answer(config, 401)), request: { responseURL } };
      };
    const instance = attachedTo(session);
    const at = `${session.api.origin}/orders?page=1`;
    await instance.post("/orders", {}, { params: { page: 1 }, adapter: xhr(at) });
    expect(sent).toEqual(["post", "post"]);
    await instance.post("/orders", {}, { params: { page: 1 }, adapter: xhr(`${at}&redirected`) });
    expect(sent).toEqual(["post", "post", "post"]);
  });
});

describe("a fetch function of the caller's", () => {
  it("A15 gets the requests with the token, and one wrapper serves them all", async () => {
    await using session = await startSession();
    await refuseToken(session);
    const seen: (string | null)[] = [];
    const fetch = (input: URL | Request | string, init?: RequestInit): Promise<Response> => {
      if (input instanceof Request) seen.push(input.headers.get("authorization"));
      return globalThis.fetch(input, init);
    };
    const instance = attachedTo(session, { adapter: "fetch", env: { fetch } });

    const response = await instance.post<{ body: string }>("/", { order: 1 });
    await instance.get("/");

    expect(response.data.body).toBe('{"order":1}');
    expect(response.config.env?.fetch).toBe(fetch);
    expect(seen).toHaveLength(3);
    expect(seen.every((value) => value?.startsWith("Bearer "))).toBe(true);
    expect(response.request.headers.get("authorization")).toBeNull();
  });

  it("that knows no Request objects is given a URL, and an unsafe request is then not repeated, as a redirect would not show", async () => {
    await using session = await startSession();
    await refuseToken(session);
    const fetch = (input: URL | Request | string, init?: RequestInit): Promise<Response> => globalThis.fetch(input, init);
    const instance = attachedTo(session, { adapter: "fetch", env: { fetch, Request: null, Response: null } as never });

    expect((await rejectionOf(instance.post("/", { order: 1 }))).status).toBe(401);
    expect((await instance.get("/")).status).toBe(200);
    // The POST renewed behind it.
    expect(session.api.requests.map(({ method, status }) => [method, status])).toEqual([
      ["POST", 401],
      ["GET", 200],
    ]);
  });

  it("for one request only serves that request only", async () => {
    await using session = await startSession();
    let calls = 0;
    const fetch = (input: URL | Request | string, init?: RequestInit): Promise<Response> => {
      calls += 1;
      return globalThis.fetch(input, init);
    };
    const instance = attachedTo(session, { adapter: "fetch" });
    for (const config of [{}, { env: { fetch } }, {}]) await instance.get("/", config);
    expect(calls).toBe(1);
    expect(statuses(session)).toEqual([200, 200, 200]);
  });

  it("A15 that replaces the global one later is the one that is called", async () => {
    await using session = await startSession();
    const instance = attachedTo(session, { adapter: "fetch" });
    await instance.get("/");
    const original = globalThis.fetch;
    try {
      globalThis.fetch = async () => Response.json({ replaced: true });
      expect((await instance.get("/")).data).toEqual({ replaced: true });
    } finally {
      globalThis.fetch = original;
    }
  });
});

describe.each(adapters)("%s", (adapter) => {
  it("F76 children have no token of their own: instance.create and axios.create inherit defaults, not interceptors", async () => {
    await using session = await startSession();
    const parent = attachedTo(session, { adapter });
    await parent.get("/parent");
    const create = (parent as unknown as AxiosStatic).create;
    for (const child of [create({ headers: { "x-client": "child" } }), axios.create({ ...(parent.defaults as object) })]) {
      expect((await rejectionOf(child.get("/child"))).status).toBe(401);
      attachBearer(child, session.tokens);
      expect((await child.get("/child")).status).toBe(200);
    }
    expect(session.api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["bearer", "none", "bearer", "none", "bearer"]);
  });

  it("a config that came back is a config like any other: sent again it has its own refresh, on this instance and on another", async () => {
    await using session = await startSession();
    const instance = attachedTo(session, { adapter });
    const other = attachedTo(session, { adapter });
    const config = (await instance.post("/orders", { order: 1 }, { params: { page: 1 } })).config as AxiosRequestConfig;
    for (const sender of [instance, other]) {
      await refuseToken(session);
      expect((await sender.request<{ url: string }>(config)).data.url).toBe("/orders?page=1");
    }
    await refuseToken(session);
    const error = await rejectionOf(attachedTo(session, { adapter }, { replay: "never" }).post("/orders", { order: 2 }));
    for (const sender of [instance, other]) {
      await refuseToken(session);
      expect((await sender.request<{ body: string }>(error.config ?? {})).data.body).toBe('{"order":2}');
    }
    expect(statuses(session)).toEqual([200, 401, 200, 401, 200, 401, 401, 200, 401, 200]);
  });

  it("an instance that sends another's request under way adds nothing to it", async () => {
    await using session = await startSession();
    const inner = attachedTo(session, { adapter });
    const outer = attachedTo(session, { adapter });
    outer.defaults.adapter = (config) => inner.request({ ...config, adapter } as AxiosRequestConfig);
    await refuseToken(session);

    expect((await outer.get("/")).status).toBe(200);
    expect(statuses(session)).toEqual([401, 200]);
  });

  it("the tokens may depend on the request, and none leaves it untouched", async () => {
    await using session = await startSession();
    const tokensOf = new Map([["someone", session.tokens]]);
    const instance = axios.create({ baseURL: session.api.origin, adapter });
    attachBearer(instance, ({ headers }) => tokensOf.get(String(headers.get("x-client"))));

    expect((await instance.get("/", { headers: { "X-Client": "someone" } })).status).toBe(200);
    expect((await rejectionOf(instance.get("/", { headers: { "X-Client": "nobody" } }))).status).toBe(401);
    expect(session.api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["bearer", "none"]);
  });

  it.each(["x-client", "X-CLIENT"])("I125 a field of the caller's own wins where another scheme would put the token: %s", async (name) => {
    await using session = await startSession();
    const scheme = Object.assign(() => ({ "x-client": "ours" }), { fields: ["x-client"] });
    const instance = attachedTo(session, { adapter, validateStatus: null }, { scheme, refused: () => false });
    for (const headers of [{ [name]: "the caller's" }, {}]) await instance.get("/", { headers });
    expect(session.api.requests.map(({ client }) => client)).toEqual(["the caller's", "ours"]);
    expect(session.refreshes()).toBe(0);
  });
});

it("F77 statics and defaults of axios itself are left alone when it is attached", async () => {
  await using session = await startSession();
  const tokens = createTokenCache({ source: async () => ({ access_token: (await session.tokens.get()).accessToken }) });
  const before = [Reflect.ownKeys(axios), { ...axios.defaults }];
  const detach = attachBearer(axios, tokens, { origins: session.api.origin });
  try {
    expect((await axios(`${session.api.origin}/called`)).status).toBe(200);
    expect((await axios.get(`${session.api.origin}/got`)).status).toBe(200);
    expect([Reflect.ownKeys(axios), { ...axios.defaults }]).toEqual(before);
  } finally {
    detach();
  }
});
