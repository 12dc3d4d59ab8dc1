import { get } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { buffer, json, text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { bearer } from "@tokenflight/got";
import got, { HTTPError, type Progress, type Request } from "got";
import { expect, it } from "vitest";
import { startLoopback } from "../servers/loopback.ts";
import { lateUse } from "../servers/token-endpoint-faults.ts";
import { expire, rejection, startGotSession, type GotSession } from "./got-session.ts";

it("a stream gets the token, and is a got stream with its response on it", async () => {
  await using session = await startGotSession();
  const stream = session.client.stream("plain");

  expect(await json(stream)).toMatchObject({ url: "/plain" });

  expect(stream.response?.statusCode).toBe(200);
  expect(stream.options.headers).not.toHaveProperty("authorization");
  expect(session.api.requests[0]?.authorizationKind).toBe("bearer");
});

it.each([
  ["got.stream", (session: GotSession) => session.client.stream("plain")],
  ["got.stream.post", (session: GotSession) => session.client.stream.post("plain", { json: {} })],
])("%s: a refused one ends in its 401, sent once, and the next request has a fresh token", async (_name, open) => {
  await using session = await startGotSession();
  const { api, client, revoke, refreshes } = session;
  await revoke();

  const error = await rejection(buffer(open(session)));

  expect(error).toBeInstanceOf(HTTPError);
  expect(error.response?.statusCode).toBe(401);
  expect(JSON.parse(String(error.response?.body))).toMatchObject({ code: "unauthorized" });
  expect((await client("next")).statusCode).toBe(200);
  expect(api.requests.map(({ status }) => status)).toEqual([401, 200]);
  expect(refreshes()).toBe(1);
});

it("a refused stream with throwHttpErrors: false gives its reader the 401, and the next one has a fresh token", async () => {
  await using session = await startGotSession();
  const { client, revoke, refreshes, api } = session;
  await revoke();

  const stream = client.stream("plain", { throwHttpErrors: false });

  expect(await json(stream)).toMatchObject({ code: "unauthorized" });
  expect((await json(client.stream("next"))) as object).toMatchObject({ url: "/next" });
  expect(api.requests.map(({ status }) => status)).toEqual([401, 200]);
  expect(refreshes()).toBe(1);
});

it("an error that nobody handles is as loud as without us", async () => {
  await using session = await startGotSession();
  await session.revoke();

  // An error without a listener of the reader's is thrown: ours must not count as one.
  const stream = session.client.stream("plain");
  expect(stream.listenerCount("error")).toBe(0);
  await rejection(buffer(stream));
});

it("F80 what is piped into a stream waits for the token and arrives whole", async () => {
  await using session = await startGotSession();
  const { client, api, server, refreshes } = session;
  await expire(session);
  const gate = Promise.withResolvers<void>();
  server.faults.next(lateUse(gate.promise));
  const bytes = Buffer.alloc(1_000_000, "0123456789");
  const pieces = Readable.from([bytes.subarray(0, 400_000), bytes.subarray(400_000)]);
  const answer = new PassThrough();

  const sent = Promise.all([pipeline(pieces, client.stream.post("orders"), answer), text(answer)]);
  await expect.poll(refreshes).toBe(1);
  gate.resolve();

  expect(JSON.parse((await sent)[1])).toMatchObject({ method: "POST", bodyLength: 1_000_000 });
  expect(api.requests).toMatchObject([{ bodyLength: 1_000_000, authorizationKind: "bearer" }]);
});

it("F80 nothing is buffered: what the server holds back is held back for the reader, and what has come is there", async () => {
  await using session = await startGotSession();
  const gate = Promise.withResolvers<void>();
  await using server = await startLoopback(() => async (_request, response) => {
    response.write("first ");
    await gate.promise;
    response.end("second");
  });
  await using slow = await startGotSession({ bearer: { origins: [session.api.origin, server.origin] } });
  const stream = slow.client.stream(`${server.origin}/`);
  const chunks: string[] = [];
  stream.on("data", (chunk) => chunks.push(String(chunk)));

  await expect.poll(() => chunks).toEqual(["first "]);
  gate.resolve();
  await expect.poll(() => chunks).toEqual(["first ", "second"]);
});

it("the README's upload: a token that is good for long enough before it, and the whole of it again after a refusal", async () => {
  await using session = await startGotSession();
  const { client, api, tokens, revoke, refreshes } = session;
  const upload = (): Promise<void> =>
    pipeline(
      Readable.from([Buffer.alloc(100_000, "x"), Buffer.alloc(100_000, "y")]),
      client.stream.post("orders"),
      new PassThrough().resume(),
    );
  const isRefused = (error: unknown): boolean => error instanceof HTTPError && error.response.statusCode === 401;
  const { expiresAt = 0 } = await tokens.get();
  const left = Math.floor((expiresAt - Date.now()) / 1000);

  await tokens.get({ minValidity: left - 5 });
  expect(refreshes()).toBe(0);
  await tokens.get({ minValidity: left + 5 });
  expect(refreshes()).toBe(1);
  // A new one is taken as it is, also where its lifetime is shorter.
  await tokens.get({ minValidity: left + 500 });
  expect(refreshes()).toBe(1);

  await revoke();
  await upload().catch((error) => (isRefused(error) ? upload() : Promise.reject(error)));
  expect(api.requests).toMatchObject([{ status: 401 }, { status: 200, bodyLength: 200_000 }]);
  expect(refreshes()).toBe(2);
});

it("F80 progress, redirects and responses are told as without us", async () => {
  await using session = await startGotSession();
  const { client, api, tokens } = session;
  const { accessToken } = await tokens.get();
  const body = Buffer.alloc(200_000, "x");
  const told = async (open: (path: string) => Request): Promise<unknown[]> => {
    const events: unknown[] = [];
    const stream = open("redirect?status=307&to=/target");
    stream.on("uploadProgress", ({ transferred, total }: Progress) => events.push(["up", transferred, total]));
    stream.on("downloadProgress", ({ percent }: Progress) => events.push(["down", percent]));
    stream.on("redirect", () => events.push("redirect"));
    stream.on("response", ({ statusCode }) => events.push(statusCode));
    await buffer(stream);
    return events;
  };

  const ours = await told((path) => client.stream.post(path, { body }));
  const theirs = await told((path) => client.stream.post(path, { body, headers: { authorization: `Bearer ${accessToken}` } }));

  expect(ours).toEqual(theirs);
  expect(api.requests.map(({ bodyLength }) => bodyLength)).toEqual([200_000, 200_000, 200_000, 200_000]);
});

it("F80 createRetryStream gives a stream with the token that is current then", async () => {
  await using session = await startGotSession();
  const { client, api, tokens, revoke } = session;
  const answers = Promise.withResolvers<unknown>();
  const read = (stream: Request): void => {
    stream.on("retry", async (_count, _error, createRetryStream: () => Request) => {
      await revoke();
      await tokens.renew(await tokens.get());
      read(createRetryStream());
    });
    json(stream).then(answers.resolve, () => {});
  };
  const path = "status/503";

  read(client.stream(path, { retry: { limit: 1, backoffLimit: 1, noise: 0 } }));
  await expect.poll(() => api.requests.length).toBe(2);

  expect(api.requests.map(({ status, authorizationKind }) => [status, authorizationKind])).toEqual([
    [503, "bearer"],
    [503, "bearer"],
  ]);
  expect(api.requests[1]?.authorization).not.toBe(api.requests[0]?.authorization);
});

it("a server's response that a stream is piped into gets status and headers, as a proxy's does", async () => {
  await using session = await startGotSession();
  const { client } = session;
  await using proxy = await startLoopback(
    () => (_request, response) => void client.stream("status/418", { throwHttpErrors: false }).pipe(response),
  );

  const status = await new Promise((resolve) =>
    get(proxy.origin, (response) => resolve([response.statusCode, response.headers["content-type"]])),
  );

  expect(status).toEqual([418, "application/json"]);
});

it("a request with a token error ends a stream with it", async () => {
  await using session = await startGotSession();
  await expire(session);
  session.server.faults.always(async () => ({ status: 500 }));

  const error = await rejection(buffer(session.client.stream("plain")));

  expect(error).toMatchObject({ name: "RequestError", code: "ERR_TOKEN_REQUEST_UNKNOWN", cause: { code: "ERR_TOKEN_REQUEST_UNKNOWN" } });
  expect(session.api.requests).toEqual([]);
});

it("a predicate that never answers does not hold up a retry", async () => {
  await using session = await startGotSession();
  const { api, tokens } = session;
  const client = got.extend(bearer(tokens, { origins: api.origin, refused: () => new Promise<boolean>(() => {}) }));
  const read = (stream: Request): void => {
    stream.on("retry", (_count, _error, createRetryStream: () => Request) => read(createRetryStream()));
    stream.on("error", () => {}).resume();
  };

  read(client.stream(`${api.origin}/status/503`, { retry: { limit: 1, backoffLimit: 1, noise: 0 } }));

  await expect.poll(() => api.requests.length).toBe(2);
});
