import { buffer } from "node:stream/consumers";
import type { IncomingHttpHeaders } from "node:http";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import axios, { type AxiosInstance } from "axios";
import FormDataPackage from "form-data";
import { describe, expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";

interface Arrived {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An API that refuses every token but "token-2", and keeps what it was sent. */
async function startApi(arrived: Arrived[]): Promise<Loopback> {
  return startLoopback(() => async (request, response) => {
    arrived.push({ headers: request.headers, body: await buffer(request) });
    response.writeHead(request.headers.authorization === "Bearer token-2" ? 200 : 401).end();
  });
}

function numberedTokens(before: (number: number) => void = () => {}): TokenCache {
  let number = 0;
  return createTokenCache({
    async source() {
      before((number += 1));
      return { access_token: `token-${number}`, expires_in: 600 };
    },
  });
}

const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251));

function packageForm(): FormDataPackage {
  const form = new FormDataPackage();
  form.append("name", "Zoë");
  form.append("empty", "");
  form.append("file", Buffer.from(bytes), { filename: "bytes.bin", contentType: "application/x-whatever" });
  form.append("--odd", "\r\n--boundary\r\n");
  return form;
}

function nativeForm(): FormData {
  const form = new FormData();
  form.append("name", "Zoë");
  form.append("file", new File([bytes], "bytes.bin", { type: "application/x-whatever" }));
  form.append("blob", new Blob(["a blob"]));
  return form;
}

type Send = (instance: AxiosInstance) => Promise<{ status: number }>;

const forms: [name: string, send: Send][] = [
  ["postForm of an object", (instance) => instance.postForm("/", { a: "b", list: [1, 2], nested: { file: Buffer.from(bytes) } })],
  ["putForm of nothing", (instance) => instance.putForm("/", {})],
  [
    "an object with the content type of a form",
    (instance) => instance.post("/", { a: "Zoë" }, { headers: { "Content-Type": "multipart/form-data" } }),
  ],
  ["an ArrayBuffer in an object", (instance) => instance.postForm("/", { file: Uint8Array.from(bytes).buffer })],
  ["a form of the form-data package", (instance) => instance.post("/", packageForm())],
  [
    "a form of the form-data package, with its headers",
    (instance) => {
      const form = packageForm();
      return instance.post("/", form, { headers: form.getHeaders() });
    },
  ],
];

/** The boundary is by chance. */
function withoutBoundary({ headers, body }: Arrived): string {
  const [, boundary = ""] = /boundary=(.*)$/.exec(headers["content-type"] ?? "") ?? [];
  expect(boundary).not.toBe("");
  expect(Number(headers["content-length"])).toBe(body.length);
  return body.toString("latin1").replaceAll(boundary, "BOUNDARY");
}

// axios's fetch adapter sends such forms as "[object FormData]".
describe.each(["http", "http and others"])("%s", (named) => {
  const adapter = named === "http" ? named : ["xhr", "http", "fetch"];

  it.each(forms)("I130 %s is sent as axios sends it, and replayed from its bytes, boundary and all", async (_name, send) => {
    const arrived: Arrived[] = [];
    await using api = await startApi(arrived);
    await send(axios.create({ baseURL: api.origin, adapter, headers: { authorization: "Bearer token-2" } }));
    const instance = axios.create({ baseURL: api.origin, adapter });
    attachBearer(instance, numberedTokens());

    expect((await send(instance)).status).toBe(200);

    const [plain, refused, replayed] = arrived as [Arrived, Arrived, Arrived];
    expect(arrived).toHaveLength(3);
    expect(replayed.body.equals(refused.body)).toBe(true);
    expect(replayed.headers["content-type"]).toBe(refused.headers["content-type"]);
    expect(withoutBoundary(refused)).toBe(withoutBoundary(plain));
  });

  it("I130 a Buffer in a form that its owner fills anew meanwhile is replayed as it was", async () => {
    const arrived: Arrived[] = [];
    await using api = await startApi(arrived);
    const own = Buffer.from("as it was at the call");
    const form = new FormDataPackage();
    form.append("file", own, { filename: "bytes.bin" });
    const instance = axios.create({ baseURL: api.origin, adapter });
    attachBearer(
      instance,
      numberedTokens((number) => void (number === 2 && own.fill("x"))),
    );

    await instance.post("/", form);

    expect(arrived).toHaveLength(2);
    expect(arrived[1]?.body.toString()).toContain("as it was at the call");
  });
});

it("I130 fetch: a form that axios itself cannot send with fetch is not sent twice", async () => {
  const arrived: Arrived[] = [];
  await using api = await startApi(arrived);
  const instance = axios.create({ baseURL: api.origin, adapter: "fetch", validateStatus: null });
  attachBearer(instance, numberedTokens());
  expect((await instance.postForm("/", { a: "b" })).status).toBe(401);
  expect(arrived).toHaveLength(1);
});

it("I130 http: a native FormData is replayed from the same bytes, with files and blobs, and the same boundary", async () => {
  const arrived: Arrived[] = [];
  await using api = await startApi(arrived);
  const instance = axios.create({ baseURL: api.origin, adapter: "http" });
  attachBearer(instance, numberedTokens());
  const form = nativeForm();

  const sent = instance.post("/", form);
  form.append("late", "appended after the call");
  await sent;

  const [refused, replayed] = arrived as [Arrived, Arrived];
  expect(arrived).toHaveLength(2);
  expect(replayed.body.equals(refused.body)).toBe(true);
  expect(replayed.headers["content-type"]).toBe(refused.headers["content-type"]);
  expect(refused.body.toString("latin1")).not.toContain("appended after the call");
});
