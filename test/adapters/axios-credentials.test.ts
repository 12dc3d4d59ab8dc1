import { attachBearer } from "@tokenflight/axios";
import axios, { type AxiosRequestConfig, type CreateAxiosDefaults } from "axios";
import { describe, expect, it } from "vitest";
import { startSession } from "../end-to-end/session.ts";
import { adapters, attachedTo } from "./axios-under-test.ts";

const mine = "Bearer mine";
const basic = `Basic ${btoa("user:password")}`;

/** What the caller says, for one request or for all, and what then arrives. */
const choices: [name: string, request: AxiosRequestConfig, defaults: CreateAxiosDefaults, arrives: string | undefined][] = [
  ["Authorization", { headers: { Authorization: mine } }, {}, mine],
  ["authorization", { headers: { authorization: mine } }, {}, mine],
  ["AUTHORIZATION", { headers: { AUTHORIZATION: mine } }, {}, mine],
  ["another scheme", { headers: { Authorization: "Negotiate mine" } }, {}, "Negotiate mine"],
  ["null", { headers: { Authorization: null } }, {}, undefined],
  ["false", { headers: { Authorization: false } }, {}, undefined],
  ["undefined", { headers: { Authorization: undefined as never } }, {}, undefined],
  ["an empty string", { headers: { Authorization: "" } }, {}, ""],
  ["Authorization in headers.common", {}, { headers: { common: { Authorization: mine } } } as never, mine],
  ["Authorization in headers.get", {}, { headers: { get: { authorization: mine } } } as never, mine],
  ["Authorization of the instance", {}, { headers: { authorization: mine } }, mine],
  ["auth", { auth: { username: "user", password: "password" } }, {}, basic],
  ["auth of the instance", {}, { auth: { username: "user", password: "password" } }, basic],
  ["auth without anything in it", { auth: { username: "", password: "" } }, {}, `Basic ${btoa(":")}`],
  [
    "a transformRequest that sets it",
    {
      transformRequest: [
        (data: unknown, headers) => {
          headers.set("Authorization", mine);
          return data;
        },
      ],
    },
    {},
    mine,
  ],
];

describe.each(adapters)("%s", (adapter) => {
  it.each(choices)("A14 the caller's own choice wins, and its 401 refreshes nothing: %s", async (_name, request, defaults, arrives) => {
    await using session = await startSession();
    const instance = attachedTo(session, { adapter, validateStatus: null, ...defaults });

    expect((await instance.get("/", request)).status).toBe(401);

    expect(session.api.requests.map(({ authorization }) => authorization)).toEqual([arrives]);
    expect(session.refreshes()).toBe(0);
    await expect(attachedTo(session, { adapter }).get("/")).resolves.toMatchObject({ status: 200 });
  });

  it.each(["before", "after"])("an interceptor added %s ours that sets Authorization wins", async (place) => {
    await using session = await startSession();
    const instance = axios.create({ baseURL: session.api.origin, adapter, validateStatus: null });
    const setMine = (): number =>
      instance.interceptors.request.use((config) => {
        config.headers.set("authorization", mine);
        return config;
      });
    if (place === "before") setMine();
    attachBearer(instance, session.tokens);
    if (place === "after") setMine();

    await instance.get("/");

    expect(session.api.requests.map(({ authorization }) => authorization)).toEqual([mine]);
  });

  it("auth that is null or missing is no choice", async () => {
    await using session = await startSession();
    await attachedTo(session, { adapter, auth: null as never }).get("/", { auth: undefined as never });
    expect(session.api.requests.map(({ status }) => status)).toEqual([200]);
  });

  it("what somebody wrote into Object.prototype is neither sent nor a choice", async () => {
    await using session = await startSession();
    let calls = 0;
    const polluted = Object.prototype as unknown as Record<string, unknown>;
    try {
      polluted["auth"] = { username: "user", password: "password" };
      polluted["baseURL"] = "http://127.0.0.1:1";
      polluted["maxRedirects"] = 0;
      polluted["onDownloadProgress"] = () => (calls += 1);
      await attachedTo(session, { adapter }).get("/");
    } finally {
      for (const key of ["auth", "baseURL", "maxRedirects", "onDownloadProgress"]) delete polluted[key];
    }
    expect(session.api.requests.map(({ authorizationKind, status }) => [authorizationKind, status])).toEqual([["bearer", 200]]);
    expect(calls).toBe(0);
  });
});
