import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache } from "@tokenflight/core";
import axios, { type AxiosAdapter, type AxiosRequestConfig } from "axios";
import FormDataPackage from "form-data";
import { describe, expect, it } from "vitest";
import { startSession } from "../end-to-end/session.ts";
import { tally } from "./tally.ts";
import { adapters, attachedTo, refuseToken, rejectionOf, withStaticHeader } from "./axios-under-test.ts";

interface Body {
  readonly name: string;
  readonly data: () => unknown;
  readonly config?: AxiosRequestConfig;
}

const text = "Zürich → 東京 ".repeat(1000);
const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251);
/** axios makes JSON of what it does not know unless it is told not to. */
const asItIs: AxiosRequestConfig = { transformRequest: [(data: unknown) => data], headers: { "Content-Type": "text/plain" } };

const everywhere: Body[] = [
  { name: "a JSON object", data: () => ({ name: "Zoë", list: [1, { two: 2 }], empty: {} }) },
  { name: "a string", data: () => text, config: { headers: { "Content-Type": "text/plain" } } },
  { name: "an empty string", data: () => "" },
  { name: "nothing", data: () => undefined },
  { name: "a Buffer", data: () => Buffer.from(text) },
  { name: "a Uint8Array", data: () => bytes },
  { name: "a Float64Array", data: () => Float64Array.from({ length: 1000 }, Math.sqrt) },
  { name: "a DataView", data: () => new DataView(bytes.buffer) },
  { name: "an ArrayBuffer", data: () => bytes.buffer },
  { name: "URLSearchParams", data: () => new URLSearchParams({ name: "Zoë", at: "a&b=c" }) },
  { name: "a Blob", data: () => new Blob([bytes, text], { type: "application/x-whatever" }) },
  { name: "a body of a megabyte", data: () => Buffer.alloc(2 ** 20, "tokenflight ") },
];

const oneShot: Body[] = [
  { name: "a Node stream", data: () => Readable.from([text, text]) },
  { name: "a form of the form-data package with a stream in it", data: formWithStream },
];

const oneShotByFetch: Body[] = [
  { name: "a web stream", data: () => new Blob([text]).stream(), config: { headers: { "Content-Type": "text/plain" } } },
  { name: "an async generator", data: () => pieces(), config: asItIs },
  { name: "an object that could be iterated anew, which nothing tells", data: () => ({ [Symbol.asyncIterator]: pieces }), config: asItIs },
];

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("one");
  yield Buffer.from("two");
}

function formWithStream(): FormDataPackage {
  const form = new FormDataPackage();
  form.append("name", "Zoë");
  form.append("file", Readable.from([text]), { filename: "text.txt", knownLength: Buffer.byteLength(text) });
  return form;
}

function nativeForm(): FormData {
  const form = new FormData();
  form.append("name", "Zoë");
  form.append("file", new File([bytes], "bytes.bin", { type: "application/x-whatever" }));
  return form;
}

const replays = tally("axios", "bodies replayed", "changed");
const consumptions = tally("axios", "one-shot bodies", "replayed");

const sent = adapters.flatMap((adapter) => everywhere.map((body) => ({ adapter, ...body })));

it.each(sent)(
  "$adapter: $name arrives byte for byte the same in the replay, as axios without us sends it",
  async ({ adapter, data, config }) => {
    await using session = await startSession();
    const { api, refreshes } = session;
    await (await withStaticHeader(session, { adapter })).post("/orders", data(), config);
    await refuseToken(session);

    const response = await attachedTo(session, { adapter }).post("/orders", data(), config);

    expect(response.status).toBe(200);
    expect(refreshes()).toBe(1);
    const [plain, refused, replayed] = api.requests;
    replays.count(replayed?.bodySha256 === plain?.bodySha256 ? 0 : 1);
    expect([plain?.status, refused?.status, replayed?.status]).toEqual([200, 401, 200]);
    expect([refused?.bodySha256, replayed?.bodySha256]).toEqual([plain?.bodySha256, plain?.bodySha256]);
    expect(api.requests).toHaveLength(3);
  },
);

const consumed = adapters.flatMap((adapter) => {
  const bodies = adapter === "fetch" ? [...oneShot, ...oneShotByFetch] : oneShot;
  return bodies.map((body) => ({ adapter, ...body }));
});

it.each(consumed)(
  "$adapter: $name is never replayed: the caller gets the 401 and the next request has a fresh token",
  async ({ adapter, data, config }) => {
    await using session = await startSession();
    const { api, refreshes } = session;
    await refuseToken(session);
    const instance = attachedTo(session, { adapter });

    const error = await rejectionOf(instance.post("/upload", data(), config));

    consumptions.count(api.requests.length - 1);
    expect(error).toMatchObject({ name: "AxiosError", code: "ERR_BAD_REQUEST", status: 401, response: { data: { code: "unauthorized" } } });
    expect(api.requests.map(({ status }) => status)).toEqual([401]);
    expect((await instance.post("/upload", data(), config)).status).toBe(200);
    expect(refreshes()).toBe(1);
  },
);

describe.each(adapters)("%s", (adapter) => {
  it("a native FormData is replayed whole", async () => {
    await using session = await startSession();
    await refuseToken(session);

    const { data } = await attachedTo(session, { adapter }).post<{ body: string }>("/form", nativeForm());

    const [refused, replayed] = session.api.requests;
    expect(replayed?.bodyLength).toBe(refused?.bodyLength);
    expect(data.body).toContain('name="name"\r\n\r\nZoë\r\n');
    expect(data.body).toContain('filename="bytes.bin"\r\nContent-Type: application/x-whatever\r\n\r\n');
  });

  it("a transformRequest runs once, and its result is the body of both attempts", async () => {
    await using session = await startSession();
    await refuseToken(session);
    let runs = 0;
    const wrap = (data: unknown): string => {
      runs += 1;
      return JSON.stringify({ wrap: data });
    };

    const { data } = await attachedTo(session, { adapter, transformRequest: [wrap] }).post<{ body: string }>("/orders", { order: 1 });

    expect(data.body).toBe('{"wrap":{"order":1}}');
    expect(runs).toBe(1);
    expect(new Set(session.api.requests.map(({ bodySha256 }) => bodySha256))).toEqual(new Set([sha256('{"wrap":{"order":1}}')]));
  });

  it("a body that a request interceptor changes is never cut to the length of another", async () => {
    await using session = await startSession();
    await refuseToken(session);
    const instance = attachedTo(session, { adapter });
    let bodies = ["short", "a longer one", "the longest of them all"];
    instance.interceptors.request.use((config) => {
      config.data = bodies[0];
      bodies = bodies.slice(1);
      return config;
    });
    const headers = { "Content-Type": "text/plain" };

    const first = await instance.post<{ body: string }>("/a", "ignored", { headers });
    const second = await instance.post<{ body: string }>("/b", "ignored", { headers });

    expect([first.data.body, second.data.body]).toEqual(["short", "a longer one"]);
    expect(session.api.requests.map(({ bodyLength }) => bodyLength)).toEqual(["short".length, "short".length, "a longer one".length]);
  });

  it("a request whose replay is not wanted goes once, whatever its body", async () => {
    await using session = await startSession();
    await refuseToken(session);

    const error = await rejectionOf(attachedTo(session, { adapter }, { replay: "never" }).post("/orders", { order: 1 }));

    expect(error.status).toBe(401);
    expect(session.api.requests).toHaveLength(1);
  });
});

function sha256(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Bodies that can be changed in place, and how somebody beneath changes them. */
const changeable: [name: string, make: () => unknown, change: (body: never) => void][] = [
  ["bytes", () => new TextEncoder().encode("order"), (body: Uint8Array) => void body.fill(0x30)],
  ["a Buffer", () => Buffer.from("order"), (body: Buffer) => void body.fill(0x30)],
  [
    "bytes that are moved away",
    () => new TextEncoder().encode("order").buffer,
    (body: ArrayBuffer) => void structuredClone(body, { transfer: [body] }),
  ],
  ["parameters", () => new URLSearchParams({ order: "1" }), (body: URLSearchParams) => void body.append("changed", "1")],
  [
    "a form",
    () => Object.entries({ order: "1" }).reduce((form, [name, value]) => (form.append(name, value), form), new FormData()),
    (body: FormData) => void body.append("changed", "1"),
  ],
];

describe.each(changeable)("%s", (_name, make, change) => {
  it("an adapter of the caller's own that changes it does not change the replay", async () => {
    const text = async (data: unknown): Promise<string> => {
      const read = await new Response(data as BodyInit).text();
      return read.replace(/^-+\S+$/gm, "");
    };
    const sent: string[] = [];
    const adapter: AxiosAdapter = async (config) => {
      sent.push(await text(config.data));
      change(config.data as never);
      const status = sent.length === 1 ? 401 : 200;
      return { data: "", status, statusText: "", headers: {}, config };
    };
    const instance = axios.create({ baseURL: "http://localhost", adapter, transformRequest: [] });
    attachBearer(instance, createTokenCache({ source: async () => ({ access_token: `t-${sent.length}`, expires_in: 600 }) }));
    await instance.post("/", make());
    expect(sent).toEqual([await text(make()), await text(make())]);
  });
});
