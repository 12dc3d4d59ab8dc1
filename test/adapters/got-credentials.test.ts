import { bearer } from "@tokenflight/got";
import got, { type ExtendOptions, type OptionsOfTextResponseBody } from "got";
import { expect, it } from "vitest";
import { startGotSession, type GotSession } from "./got-session.ts";

const basic = `Basic ${Buffer.from("me:secret").toString("base64")}`;

const sent = ({ api }: GotSession): (string | undefined)[] => api.requests.map(({ authorization }) => authorization);

it.each<[name: string, options: OptionsOfTextResponseBody, authorization: string | undefined]>([
  ["authorization", { headers: { authorization: "Bearer mine" } }, "Bearer mine"],
  ["Authorization", { headers: { Authorization: "Bearer mine" } }, "Bearer mine"],
  ["AUTHORIZATION", { headers: { AUTHORIZATION: "Basic bWU6bWU=" } }, "Basic bWU6bWU="],
  ["authorization in a list", { headers: { authorization: ["Bearer mine"] } }, "Bearer mine"],
  ["an empty authorization", { headers: { authorization: "" } }, ""],
  ["authorization: undefined", { headers: { authorization: undefined } }, undefined],
  ["Authorization: undefined", { headers: { Authorization: undefined } }, undefined],
  ["username and password", { username: "me", password: "secret" }, basic],
  ["username alone", { username: "me" }, `Basic ${Buffer.from("me:").toString("base64")}`],
  ["a hook that sets it", { hooks: { beforeRequest: [({ headers }) => void (headers["authorization"] = "Bearer mine")] } }, "Bearer mine"],
  [
    "a hook that sets it to undefined",
    { hooks: { beforeRequest: [({ headers }) => void (headers["authorization"] = undefined)] } },
    undefined,
  ],
])("%s is the caller's choice: it is sent as it is, and its 401 neither refreshes nor replays", async (_name, options, authorization) => {
  await using session = await startGotSession();
  const { client, refreshes } = session;

  // As options of a call, and of an instance.
  const calls = [
    client("plain", { throwHttpErrors: false, ...options }),
    client.extend(options as object as ExtendOptions)("plain", { throwHttpErrors: false }),
  ];
  for (const call of calls) expect(((await call) as { statusCode: number }).statusCode).toBe(401);

  expect(sent(session)).toEqual([authorization, authorization]);
  expect(refreshes()).toBe(0);
});

it("A14 credentials in the URL, and in the prefix, win", async () => {
  await using session = await startGotSession();
  const { tokens, api, refreshes } = session;
  const url = new URL(api.origin);
  Object.assign(url, { username: "me", password: "secret" });
  const client = got.extend(bearer(tokens, { origins: api.origin }), { throwHttpErrors: false });

  await client(url);
  await client(url.href);
  await client("path", { prefixUrl: url.href });

  expect(sent(session)).toEqual([basic, basic, basic]);
  expect(refreshes()).toBe(0);
});

it.each<[name: string, headers: Record<string, string | undefined>, kind: string]>([
  ["of the caller's own", { authorization: "Bearer mine" }, "bearer"],
  ["undefined", { authorization: undefined }, "none"],
])("an authorization %s holds on a redirect of the same origin and on retries", async (_name, headers, kind) => {
  await using session = await startGotSession();
  const { client, api, refreshes } = session;

  // The API refuses both; each refusal is retried, because the caller says so.
  await client("plain", { headers, throwHttpErrors: false, retry: { limit: 2, statusCodes: [401], backoffLimit: 1, noise: 0 } }).catch(
    () => {},
  );

  expect(api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual([kind, kind, kind]);
  expect(refreshes()).toBe(0);
});

it("an authorization of the caller's own goes along a redirect of the same origin as got has it, and none of ours comes in", async () => {
  await using session = await startGotSession();
  const { client, tokens } = session;
  const authorization = `Bearer ${(await tokens.get()).accessToken}`;
  await client("redirect?to=/target", { headers: { authorization } });
  await tokens.save({ access_token: "other" });

  await client("redirect?to=/target", { headers: { authorization } });

  expect(sent(session)).toEqual([authorization, authorization, authorization, authorization]);
});

it("the prefix is put before the path once, on the replay, too", async () => {
  await using session = await startGotSession();
  const { api, client, revoke, seen } = session;
  await revoke();

  await client("me", { prefixUrl: `${api.origin}/api`, searchParams: { page: 1 } });

  expect(seen()).toEqual(["GET /api/me?page=1 401 bearer", "GET /api/me?page=1 200 bearer"]);
});

it("a function of the request that names nobody leaves the request as it is", async () => {
  await using session = await startGotSession({ tokens: () => () => undefined });

  expect((await session.client("plain", { throwHttpErrors: false })).statusCode).toBe(401);

  expect(sent(session)).toEqual([undefined]);
});

it("a scheme of the caller's decides which header fields stand on the request, anew for each", async () => {
  const asked: string[] = [];
  await using session = await startGotSession({
    bearer: {
      scheme: async ({ accessToken }, { method, url }) => {
        asked.push(`${method} ${new URL(url).pathname}`);
        return { authorization: `Bearer ${accessToken}`, "x-request-id": `signed for ${new URL(url).pathname}` };
      },
    },
  });
  await session.revoke();

  await session.client.post("redirect?status=303&to=/target", { json: {} });

  expect(asked).toEqual(["POST /redirect", "POST /redirect", "GET /target"]);
  expect(session.api.requests.map(({ id }) => id)).toEqual(["signed for /redirect", "signed for /redirect", "signed for /target"]);
});
