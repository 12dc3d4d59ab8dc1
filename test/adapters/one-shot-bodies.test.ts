import { attachBearer } from "@tokenflight/axios";
import { bearer as fetchBearer } from "@tokenflight/fetch";
import { bearer as gotBearer } from "@tokenflight/got";
import { bearer as kyBearer } from "@tokenflight/ky";
import { bearer as undiciBearer } from "@tokenflight/undici";
import axios from "axios";
import got from "got";
import ky from "ky";
import { Agent } from "undici";
import { expect, it } from "vitest";
import { tally } from "./tally.ts";
import { startWireSession, type WireSession } from "./wire-session.ts";

const replays = tally("all clients", "one-shot iterables", "replayed without their content");

const whole = "one two";
const pieces = (): Uint8Array[] => [Buffer.from("one "), Buffer.from("two")];

function* oneByOne(from: Uint8Array[]): Generator<Uint8Array> {
  for (let next = from.shift(); next !== undefined; next = from.shift()) yield next;
}

async function* awaitedOneByOne(from: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* oneByOne(from);
}

/** All of these can be iterated any number of times, and have something to give only once. */
const synchronous: Record<string, () => unknown> = {
  "a generator": () => oneByOne(pieces()),
  "an iterable over one generator": () => {
    const generator = oneByOne(pieces());
    return { [Symbol.iterator]: () => generator };
  },
  "a queue that is emptied": () => {
    const queue = pieces();
    return { [Symbol.iterator]: () => oneByOne(queue) };
  },
};

const asynchronous: Record<string, () => unknown> = {
  "an asynchronous generator": () => awaitedOneByOne(pieces()),
  "an asynchronous iterable over one generator": () => {
    const generator = awaitedOneByOne(pieces());
    return { [Symbol.asyncIterator]: () => generator };
  },
  "a queue that is emptied asynchronously": () => {
    const queue = pieces();
    return { [Symbol.asyncIterator]: () => awaitedOneByOne(queue) };
  },
};

/** Sends a body, and gives the status that the caller gets. */
type Post = (session: WireSession, body: unknown) => Promise<number>;

const byGot: Post = async ({ tokens, wire: { origin } }, body) => {
  const api = got.extend({ throwHttpErrors: false }, gotBearer(tokens, { origins: origin }));
  return (await api.post(origin, { body: body as string })).statusCode;
};

const byUndici: Post = async ({ tokens, wire: { origin } }, body) => {
  const dispatcher = new Agent().compose(undiciBearer(tokens, { origins: origin }));
  const response = await dispatcher.request({ origin, path: "/", method: "POST", body: body as string });
  await response.body.dump();
  return response.statusCode;
};

const byFetch: Post = async ({ tokens, wire: { origin } }, body) => {
  const init = { method: "POST", body: body as string, duplex: "half" };
  return (await fetchBearer(tokens, { origins: origin })(globalThis.fetch)(origin, init)).status;
};

/** axios makes JSON of what it does not know unless it is told not to. Its http adapter refuses what is left then. */
const byAxios: Post = async ({ tokens, wire: { origin } }, body) => {
  const instance = axios.create({ baseURL: origin, adapter: "fetch", validateStatus: null, transformRequest: [(data: unknown) => data] });
  attachBearer(instance, tokens);
  return (await instance.post("/", body, { headers: { "Content-Type": "text/plain" } })).status;
};

const byKy: Post = async ({ tokens, wire: { origin } }, body) => {
  const api = ky.create({ baseUrl: origin, throwHttpErrors: false, retry: 0 }).extend(kyBearer(tokens));
  return (await api.post("/", { body: body as string })).status;
};

const rows = [
  ...Object.entries({ ...synchronous, ...asynchronous }).flatMap(([name, body]) => [
    { client: "got", post: byGot, name, body },
    { client: "undici", post: byUndici, name, body },
  ]),
  // fetch takes what is asynchronous, and makes text of everything else that can be iterated.
  ...Object.entries(asynchronous).flatMap(([name, body]) => [
    { client: "fetch", post: byFetch, name, body },
    { client: "axios with fetch", post: byAxios, name, body },
  ]),
];

it.each(rows)("$client: $name is sent once: the caller gets its 401, and the next request has a fresh token", async ({ post, body }) => {
  await using session = await startWireSession();
  await session.revoke();

  const status = await post(session, body());

  replays.count(session.wire.requests.length - 1);
  expect(status).toBe(401);
  expect(session.wire.requests.map(({ body }) => body.toString())).toEqual([whole]);
  expect(await post(session, "next")).toBe(200);
  expect(session.refreshes()).toBe(1);
});

it.each(Object.entries(asynchronous))("ky: %s is in a Request, and is replayed whole from the copy of that", async (_name, body) => {
  await using session = await startWireSession();
  await session.revoke();

  const status = await byKy(session, body());

  replays.count(session.wire.requests.filter(({ body }) => body.toString() !== whole).length);
  expect(status).toBe(200);
  expect(session.wire.requests.map(({ body }) => body.toString())).toEqual([whole, whole]);
});

it.each([...Object.entries(synchronous), ...Object.entries(asynchronous)])(
  "axios by http: %s is refused by axios itself",
  async (_name, body) => {
    await using session = await startWireSession();
    const instance = axios.create({ baseURL: session.wire.origin, adapter: "http", transformRequest: [(data: unknown) => data] });
    attachBearer(instance, session.tokens);

    await expect(instance.post("/", body(), { headers: { "Content-Type": "text/plain" } })).rejects.toMatchObject({
      code: "ERR_BAD_REQUEST",
    });

    expect(session.wire.requests).toEqual([]);
  },
);
