import got, { HTTPError, ParseError, type Got } from "got";
import { expect, it } from "vitest";
import { rejection, startGotSession } from "./got-session.ts";

/** The ways in which got gives what it got. */
it.each<[name: string, read: (client: Got) => PromiseLike<unknown>]>([
  [".json()", async (client) => client("plain").json()],
  [".text()", async (client) => JSON.parse(await client("plain").text())],
  [".buffer()", async (client) => JSON.parse(Buffer.from(await client("plain").buffer()).toString())],
  ["responseType json", async (client) => (await client("plain", { responseType: "json" })).body],
  ["responseType buffer", async (client) => JSON.parse(Buffer.from((await client("plain", { responseType: "buffer" })).body).toString())],
  ["resolveBodyOnly", async (client) => JSON.parse(await client("plain", { resolveBodyOnly: true }))],
  ["resolveBodyOnly and json", async (client) => client("plain", { responseType: "json", resolveBodyOnly: true })],
  ["got.get", async (client) => client.get("plain").json()],
  ["an instance with a default responseType", async (client) => (await client.extend({ responseType: "json" })("plain")).body],
])("%s gives the answer to the replay", async (_name, read) => {
  await using session = await startGotSession();
  await session.revoke();

  expect(await read(session.client)).toMatchObject({ url: "/plain" });

  expect(session.api.requests.map(({ status }) => status)).toEqual([401, 200]);
});

it("the accept header that .json() sets stands on both", async () => {
  const accepted: unknown[] = [];
  await using session = await startGotSession();
  await session.revoke();
  const call = session.client("plain");
  void call.on("request", (request) => accepted.push(request.getHeader("accept")));

  await call.json();

  expect(accepted).toEqual(["application/json", "application/json"]);
});

it("HEAD, DELETE and QUERY are replayed as what they are", async () => {
  await using session = await startGotSession();
  const { client, revoke, api } = session;

  for (const method of ["HEAD", "DELETE", "QUERY"] as const) {
    await revoke();
    await client("plain", { method });
  }

  expect(api.requests.map(({ method, status }) => `${method} ${status}`)).toEqual([
    "HEAD 401",
    "HEAD 200",
    "DELETE 401",
    "DELETE 200",
    "QUERY 401",
    "QUERY 200",
  ]);
});

it.each([true, false])(
  "C46 throwHttpErrors %s: a refusal that stays one comes in got's own form, its body whole, after one replay",
  async (throwHttpErrors) => {
    await using session = await startGotSession();
    const { client, api, refreshes } = session;
    api.refuseAll();

    const call = client("plain", { throwHttpErrors, responseType: "json" });
    const response = throwHttpErrors ? (await rejection(call)).response : await call;

    expect(response).toMatchObject({ statusCode: 401, body: { code: "unauthorized" } });
    expect(api.requests).toHaveLength(2);
    expect(refreshes()).toBe(1);
  },
);

it("replay: never gives the 401, and the next request has a fresh token", async () => {
  await using session = await startGotSession({ bearer: { replay: "never" } });
  await session.revoke();

  expect(await rejection(session.client("plain"))).toBeInstanceOf(HTTPError);
  expect((await session.client("next")).statusCode).toBe(200);

  expect(session.refreshes()).toBe(1);
});

it.each<[name: string, refused: (response: { statusCode: number; headers: Record<string, unknown> }) => boolean | Promise<boolean>]>([
  ["at once", ({ statusCode }) => statusCode === 403],
  ["with a promise", async ({ statusCode }) => statusCode === 403],
])("an API that refuses by a 403: the caller's own predicate says so %s", async (_name, refused) => {
  await using session = await startGotSession({ bearer: { refused: refused as never } });
  const { client, seen, refreshes } = session;

  expect((await rejection(client("status/403"))).response?.statusCode).toBe(403);

  expect(seen()).toEqual(["GET /status/403 403 bearer", "GET /status/403 403 bearer"]);
  expect(refreshes()).toBe(1);
});

it("a predicate sees got's response with its body read", async () => {
  const bodies: unknown[] = [];
  await using session = await startGotSession({
    bearer: {
      refused: (response) => {
        bodies.push((response as unknown as { body: unknown }).body);
        return false;
      },
    },
  });

  await session.client("plain", { responseType: "json" });

  expect(bodies).toMatchObject([{ url: "/plain" }]);
});

it("a body that is no JSON is got's own ParseError, with a 200 and after a replay", async () => {
  await using session = await startGotSession();
  await session.revoke();

  const error = await rejection(session.client("plain", { responseType: "json", parseJson: () => JSON.parse("{") }));

  expect(error).toBeInstanceOf(ParseError);
  expect(session.api.requests).toHaveLength(2);
});

it("a refresh that fails leaves the caller's 401 as it came", async () => {
  await using session = await startGotSession();
  const { client, revoke, server, api } = session;
  await revoke();
  server.faults.always(async () => ({ status: 500 }));

  const error = await rejection(client("plain"));

  expect(error).toBeInstanceOf(HTTPError);
  expect(JSON.parse(String(error.response?.body))).toMatchObject({ code: "unauthorized" });
  expect(api.requests).toHaveLength(1);
});

it("events of a call are told for what goes over the wire, the response once", async () => {
  await using session = await startGotSession();
  await session.revoke();
  const events: string[] = [];
  const call = session.client("redirect?to=/target");
  void call.on("request", () => events.push("request"));
  void call.on("redirect", () => events.push("redirect"));
  void call.on("response", ({ statusCode }) => events.push(`response ${statusCode}`));

  await call;

  expect(events).toEqual(["request", "request", "redirect", "request", "response 200"]);
});

it("statics of got and of an instance are there", async () => {
  await using session = await startGotSession();

  expect(Object.keys(session.client).toSorted()).toEqual(Object.keys(got.extend({})).toSorted());
});
