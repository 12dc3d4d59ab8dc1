import axios, { AxiosHeaders, type AxiosAdapter, type AxiosInstance, type InternalAxiosRequestConfig } from "axios";
import { attachBearer } from "@tokenflight/axios";
import { describe, expect, it } from "vitest";
import { startSession } from "../end-to-end/session.ts";
import { adapters, attachedTo, refuseToken, rejectionOf, withStaticHeader } from "./axios-under-test.ts";

/** Adds interceptors that write down when they run. */
function listen(instance: AxiosInstance, name: string, log: string[], options?: { synchronous?: boolean }): void {
  instance.interceptors.request.use(
    (config) => {
      log.push(`${name} request`);
      return config;
    },
    null,
    options,
  );
  instance.interceptors.response.use(
    (response) => {
      log.push(`${name} response ${response.status}`);
      return response;
    },
    (error: unknown) => {
      log.push(`${name} error`);
      throw error;
    },
  );
}

describe.each(adapters)("%s", (adapter) => {
  it.each([true, false])(
    "interceptors keep their order, and see one request and one response (axios's old order: %s)",
    async (legacyInterceptorReqResOrdering) => {
      await using session = await startSession();
      const transitional = { legacyInterceptorReqResOrdering };
      const seen: string[] = [];
      const plain = await withStaticHeader(session, { adapter, transitional });
      for (const name of ["before", "after"]) listen(plain, name, seen);
      await plain.post("/orders", { order: 1 });
      await refuseToken(session);
      const log: string[] = [];
      const instance = axios.create({ baseURL: session.api.origin, adapter, transitional });
      listen(instance, "before", log);
      attachBearer(instance, session.tokens);
      listen(instance, "after", log);

      await instance.post("/orders", { order: 1 });

      expect(log).toEqual(seen);
      expect(log).toHaveLength(4);
      expect(session.api.requests.map(({ status }) => status)).toEqual([200, 401, 200]);
    },
  );

  it("synchronous interceptors stay synchronous, and asynchronous ones are awaited", async () => {
    await using session = await startSession();
    const instance = attachedTo(session, { adapter });
    const log: string[] = [];
    listen(instance, "synchronous", log, { synchronous: true });
    const request = instance.get("/");
    log.push("after the call");
    await request;
    expect(log).toEqual(["synchronous request", "after the call", "synchronous response 200"]);

    instance.interceptors.request.use(async (config) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      config.headers["x-request-id"] = "late";
      return config;
    });
    await instance.get("/");
    expect(session.api.requests.map(({ id, status }) => [id, status])).toEqual([
      [undefined, 200],
      ["late", 200],
    ]);
  });

  it("runWhen and eject do what they do without us", async () => {
    await using session = await startSession();
    const instance = attachedTo(session, { adapter });
    const ids: string[] = [];
    const add = (id: string, runWhen: (config: InternalAxiosRequestConfig) => boolean): number =>
      instance.interceptors.request.use(
        (config) => {
          ids.push(id);
          return config;
        },
        null,
        { runWhen },
      );
    add("posts", ({ method }) => method === "post");
    const ejected = add("ejected", () => true);
    instance.interceptors.request.eject(ejected);

    await instance.get("/");
    await instance.post("/");

    expect(ids).toEqual(["posts"]);
    expect(session.api.requests.map(({ status }) => status)).toEqual([200, 200]);
  });

  it("an interceptor that makes an idempotency key makes one per request, and the replay has it, too", async () => {
    await using session = await startSession();
    await refuseToken(session);
    const instance = attachedTo(session, { adapter });
    let keys = 0;
    instance.interceptors.request.use((config) => {
      config.headers.set("X-Request-Id", `key ${(keys += 1)}`);
      return config;
    });

    await instance.post("/orders", { order: 1 });

    expect(session.api.requests.map(({ id, status }) => [id, status])).toEqual([
      ["key 1", 401],
      ["key 1", 200],
    ]);
  });

  it.each(["before", "after"])(
    "a response interceptor that unwraps the data, added %s ours, unwraps the replayed response",
    async (place) => {
      await using session = await startSession();
      await refuseToken(session);
      const instance = axios.create({ baseURL: session.api.origin, adapter });
      if (place === "after") attachBearer(instance, session.tokens);
      instance.interceptors.response.use((response) => response.data);
      if (place === "before") attachBearer(instance, session.tokens);

      expect(await instance.get("/unwrapped")).toMatchObject({ method: "GET", url: "/unwrapped" });
    },
  );

  it("interceptors that replace the config, or a header object, keep the token coming", async () => {
    await using session = await startSession();
    await refuseToken(session);
    const instance = attachedTo(session, { adapter });
    instance.interceptors.request.use((config) => ({
      ...config,
      headers: AxiosHeaders.from({ ...config.headers, "x-client": "replaced" }),
    }));

    await instance.post("/orders", { order: 1 });

    expect(session.api.requests.map(({ client, status }) => [client, status])).toEqual([
      ["replaced", 401],
      ["replaced", 200],
    ]);
  });

  it("what an interceptor throws, or the token cache rejects with, reaches the response interceptors once, as it is", async () => {
    await using session = await startSession();
    const instance = attachedTo(session, { adapter });
    const errors: unknown[] = [];
    instance.interceptors.response.use(undefined, (error: unknown) => {
      errors.push(error);
      throw error;
    });
    await session.tokens.forget();
    const noTokens = await rejectionOf(instance.get("/"));
    expect(noTokens).toMatchObject({ name: "LoginRequiredError", code: "ERR_LOGIN_REQUIRED" });
    expect(axios.isAxiosError(noTokens)).toBe(false);

    const failure = new Error("an interceptor's own");
    instance.interceptors.request.use(() => {
      throw failure;
    });
    expect(await rejectionOf(instance.get("/"))).toBe(failure);
    expect(errors).toEqual([noTokens, failure]);
    expect(session.api.requests).toHaveLength(0);
  });

  it("an interceptor that runs after ours and brings an adapter of its own has taken the request over", async () => {
    await using session = await startSession();
    const instance = axios.create({ baseURL: session.api.origin });
    const own: AxiosAdapter = (config) => axios.getAdapter(adapter)(config);
    // axios runs the request interceptor that was added first last.
    instance.interceptors.request.use((config) => ({ ...config, adapter: own }));
    attachBearer(instance, session.tokens);

    expect((await rejectionOf(instance.get("/"))).status).toBe(401);
    expect(session.api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["none"]);
  });
});

it("A7 detaching leaves the instance exactly as it was, and what was sent before still comes to its end", async () => {
  await using session = await startSession();
  const { api, tokens } = session;
  const instance = axios.create({ baseURL: api.origin });
  listen(instance, "the user's", []);
  const shapeOf = (): unknown[] => [
    [...(instance.interceptors.request as unknown as { handlers: unknown[] }).handlers],
    [...(instance.interceptors.response as unknown as { handlers: unknown[] }).handlers],
    { ...instance.defaults },
    Reflect.ownKeys(instance),
  ];
  const before = shapeOf();
  const detach = attachBearer(instance, tokens);
  await refuseToken(session);
  const held = api.hold();
  const under = instance.get("/under-way");
  await held.arrived();

  detach();
  held.release();

  expect(shapeOf()).toEqual(before);
  expect((await under).status).toBe(200);
  expect((await rejectionOf(instance.get("/detached"))).status).toBe(401);
  expect(api.requests.map(({ url, authorizationKind }) => [url, authorizationKind])).toEqual([
    ["/under-way", "bearer"],
    ["/under-way", "bearer"],
    ["/detached", "none"],
  ]);
  attachBearer(instance, tokens);
  detach();
  expect(() => attachBearer(instance, tokens)).toThrow("detach the other ones first");
  expect((await instance.get("/attached-again")).status).toBe(200);
});

it("clearing all interceptors takes ours away, and detaching then takes away nobody else's", async () => {
  await using session = await startSession();
  const instance = axios.create({ baseURL: session.api.origin });
  const detach = attachBearer(instance, session.tokens);
  instance.interceptors.request.clear();
  const log: string[] = [];
  listen(instance, "the user's", log);
  detach();

  await rejectionOf(instance.get("/"));

  expect(log).toEqual(["the user's request", "the user's error"]);
  expect(session.api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["none"]);
});
