import { createHash } from "node:crypto";
import { connect } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startResourceApi, type ResourceApi } from "./resource-api.ts";

const good = new Set(["good", "better"]);
let api: ResourceApi;

beforeEach(async () => {
  api = await startResourceApi({ isActive: (token) => good.has(token) });
});

afterEach(() => api.close());

function call(path: string, init: RequestInit = {}, authorization = "Bearer good"): Promise<Response> {
  const headers = new Headers(init.headers);
  if (authorization !== "") headers.set("authorization", authorization);
  return fetch(api.origin + path, { ...init, headers });
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

it("echoes what it got when the token is good", async () => {
  const response = await call("/contacts?page=2", { method: "POST", body: "höll", headers: { "x-client": "ky" } });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    method: "POST",
    url: "/contacts?page=2",
    client: "ky",
    body: "höll",
    bodyLength: 5,
    bodySha256: sha256("höll"),
  });
});

it("refuses a missing, unknown or differently named token in the form of an API error", async () => {
  for (const authorization of ["", "Bearer bad", "good", "Basic good"]) {
    const response = await call("/", {}, authorization);
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, 'Bearer error="invalid_token"']);
    expect(await response.json()).toEqual({ code: "unauthorized", message: expect.any(String) });
  }
  expect((await call("/", {}, "bearer good")).status).toBe(200);
  expect(api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["none", "bearer", "bare", "other", "bearer"]);
});

it("takes bare tokens, and only those, when told to", async () => {
  await using bare = await startResourceApi({ isActive: async (token) => good.has(token), scheme: "bare" });
  const statusOf = async (authorization: string): Promise<number> => (await fetch(bare.origin, { headers: { authorization } })).status;
  expect([await statusOf("good"), await statusOf("Bearer good")]).toEqual([200, 401]);
});

it("records every request whole, and counts them by client", async () => {
  await call("/a", { method: "PUT", body: "text", headers: { "x-client": "got", "x-request-id": "1" } }, "Bearer bad");
  await call("/a", { method: "PUT", body: "text", headers: { "x-client": "got", "x-request-id": "1" } });
  await call("/b", { headers: { "x-client": "axios" } });
  const whole = {
    id: "1",
    client: "got",
    method: "PUT",
    url: "/a",
    authorizationKind: "bearer",
    bodyLength: 4,
    bodySha256: sha256("text"),
  };
  expect(api.requests).toEqual([
    { ...whole, authorization: "Bearer bad", status: 401 },
    { ...whole, authorization: "Bearer good", status: 200 },
    expect.objectContaining({ id: undefined, client: "axios", bodyLength: 0, bodySha256: sha256("") }),
  ]);
  expect([api.counts("got"), api.counts("axios"), api.counts("ky"), api.total]).toEqual([
    { requests: 2, refused: 1 },
    { requests: 1, refused: 0 },
    { requests: 0, refused: 0 },
    { requests: 3, refused: 1 },
  ]);
  api.reset();
  expect([api.requests, api.total]).toEqual([[], { requests: 0, refused: 0 }]);
});

it("keeps only counters when told to", async () => {
  await using quick = await startResourceApi({ isActive: () => true, record: false });
  await fetch(quick.origin, { headers: { authorization: "Bearer x" } });
  expect([quick.requests, quick.total]).toEqual([[], { requests: 1, refused: 0 }]);
});

const statuses = async (): Promise<number[]> => [(await call("/")).status, (await call("/", {}, "Bearer better")).status];

it("refuses single tokens or all of them on request", async () => {
  api.refuseToken("good");
  expect(await statuses()).toEqual([401, 200]);
  api.refuseAll();
  expect(await statuses()).toEqual([401, 401]);
  api.refuseAll(false);
  expect(await statuses()).toEqual([401, 200]);
});

it("keeps back an answer that is decided already: a late 401", async () => {
  api.refuseToken("good");
  const hold = api.hold(({ client, status }) => client === "slow" && status === 401);
  const late = call("/", { headers: { "x-client": "slow" } });
  await hold.arrived();
  expect((await call("/", { headers: { "x-client": "quick" } })).status).toBe(401);
  api.reset();
  expect((await late).status).toBe(401);
  expect((await call("/", { headers: { "x-client": "slow" } })).status).toBe(200);
  expect(hold.held).toBe(1);
});

it("releases what it keeps back, and keeps back nothing more", async () => {
  const hold = api.hold();
  const answers = [call("/"), call("/")];
  await hold.arrived(2);
  hold.release();
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await call("/")).status).toBe(200);
});

it("redirects, answers with any status and takes its time, for good tokens", async () => {
  const redirect = await call(`/redirect?status=303&to=${encodeURIComponent("http://127.0.0.1:9/x?y=1")}`, { redirect: "manual" });
  expect([redirect.status, redirect.headers.get("location")]).toEqual([303, "http://127.0.0.1:9/x?y=1"]);
  const answers = [await call("/status/204"), await call("/status/503?x=1"), await call("/slow?ms=5")];
  expect(answers.map(({ status }) => status)).toEqual([204, 503, 200]);
  const refused = await call(`/status/401?challenge=${encodeURIComponent('Bearer error="insufficient_scope"')}`);
  expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, 'Bearer error="insufficient_scope"']);
  expect((await call("/status/204", {}, "Bearer bad")).status).toBe(401);
});

it("shows a request with two Authorization headers as the fault that it is", async () => {
  const socket = connect(Number(new URL(api.origin).port), "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nAuthorization: Bearer better\r\n\r\n");
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 400 /);
  socket.destroy();
});

it("records a body that did not arrive whole", async () => {
  const socket = connect(Number(new URL(api.origin).port), "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nX-Client: half\r\nContent-Length: 10\r\n\r\nhalf");
  while (api.counts("half").requests === 0) await call("/");
  socket.resetAndDestroy();
  while (!api.requests.some(({ method }) => method === "POST")) await call("/");
  expect(api.requests.find(({ method }) => method === "POST")).toMatchObject({ status: undefined, bodyLength: 4 });
});

it("reads 16 MB and no more", async () => {
  const body = "x".repeat(16 * 1024 * 1024);
  const whole = await call("/", { method: "POST", body });
  expect(await whole.json()).toMatchObject({ bodyLength: body.length, bodySha256: sha256(body) });
  expect((await call("/", { method: "POST", body: `${body}x` })).status).toBe(413);
});
