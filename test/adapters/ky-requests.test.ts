import { bearer } from "@tokenflight/ky";
import ky, { type KyInstance, type Options } from "ky";
import { Agent } from "undici";
import { describe, expect, it, vi } from "vitest";
import { tally } from "./tally.ts";
import { currentToken, rejectionOf, startWireApi, startWireSession, type WireSession } from "./wire-session.ts";

const text = "Zürich → 東京 ".repeat(2000);
const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251);

const attached = ({ tokens, wire }: WireSession, options: Options = {}): KyInstance =>
  ky.create({ baseUrl: wire.origin, ...options }).extend(bearer(tokens));

function form(): FormData {
  const fields = new FormData();
  fields.append("name", "Zoë");
  fields.append("file", new Blob([bytes], { type: "application/x-bytes" }), "bytes.bin");
  return fields;
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("one ");
  yield Buffer.from("two");
}

const replays = tally("ky", "bodies replayed", "changed");

describe.each([0, 2])("bodies, with retry: %d", (retry) => {
  it.each<[string, () => Options]>([
    ["json", () => ({ json: { name: "Zoë", list: [1, 2] } })],
    ["a string", () => ({ body: text })],
    ["URLSearchParams", () => ({ body: new URLSearchParams({ a: "b&c" }) })],
    ["a Blob", () => ({ body: new Blob([bytes]) })],
    ["a Uint8Array", () => ({ body: bytes })],
    ["FormData, with the same boundary", () => ({ body: form() })],
    ["a stream, which ky puts into a Request that can be copied", () => ({ body: new Blob([text]).stream() })],
    ["an async generator, which ky puts into a Request as well", () => ({ body: pieces() as unknown as ReadableStream })],
  ])("%s arrives byte for byte the same both times", async (_name, options) => {
    await using session = await startWireSession();
    await session.revoke();

    expect((await attached(session, { retry }).post("orders", options())).status).toBe(200);

    const seen = session.wire.requests.map(({ bodySha256, headers }) => [bodySha256, headers["content-type"], headers["content-length"]]);
    replays.count(seen[1]?.[0] === seen[0]?.[0] ? 0 : 1);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
    expect(session.wire.requests[0]?.body.length).toBeGreaterThan(0);
  });
});

it("what arrives is what arrives without us, but for the token", async () => {
  await using session = await startWireSession();
  const options: Options = {
    searchParams: { page: 2, filter: "a b" },
    headers: { "x-a": "1", accept: "application/json" },
    json: { a: 1 },
  };
  const plain = ky.create({ baseUrl: session.wire.origin, headers: { authorization: `Bearer ${await currentToken(session.tokens)}` } });

  await attached(session).patch("orders?sort=up", options);
  await plain.patch("orders?sort=up", options);

  const [ours, theirs] = session.wire.requests;
  expect([ours?.method, ours?.url, ours?.headers, ours?.body]).toEqual([theirs?.method, theirs?.url, theirs?.headers, theirs?.body]);
});

describe("where a request goes", () => {
  it.each<[string, (origin: string) => Options]>([
    ["baseUrl", (origin) => ({ baseUrl: `${origin}/v1/` })],
    ["prefix", (origin) => ({ prefix: `${origin}/v1` })],
    ["a prefix behind baseUrl", (origin) => ({ prefix: "/v1", baseUrl: origin })],
    ["an absolute prefix, which wins over baseUrl", (origin) => ({ prefix: `${origin}/v1`, baseUrl: "https://elsewhere.example" })],
    ["baseUrl as a URL object", (origin) => ({ baseUrl: new URL("/v1/", origin) })],
  ])("%s of the parent says by default which origin has the token, and a path is not doubled", async (_name, options) => {
    await using session = await startWireSession();
    await session.revoke();
    const api = ky.create(options(session.wire.origin)).extend(bearer(session.tokens));

    expect((await api("orders")).status).toBe(200);

    expect(session.wire.requests.map(({ url }) => url)).toEqual(["/v1/orders", "/v1/orders"]);
  });

  it("neither of them: origins must be said", async () => {
    await using session = await startWireSession();
    expect(() => ky.create({}).extend(bearer(session.tokens))).toThrow("origins: expected at least one origin");
    expect(() => ky.create({ prefix: "/v1" }).extend(bearer(session.tokens))).toThrow(
      "the base URL is relative to a page and this is none",
    );
  });

  it.each(["//localhost:PORT/there", String.raw`\\localhost:PORT/there`, "http://localhost:PORT/there", " http://LOCALHOST:PORT/there"])(
    "an input such as %s goes to another host than baseUrl, and takes no token there",
    async (input) => {
      await using session = await startWireSession();
      const { port } = new URL(session.wire.origin);

      expect(await rejectionOf(attached(session)(input.replace("PORT", port)))).toMatchObject({ response: { status: 401 } });

      expect(session.wire.requests.map(({ url, token }) => [url, token])).toEqual([["/there", undefined]]);
    },
  );

  it("a baseUrl, prefix or searchParams of a single call: what counts is where the request goes in the end", async () => {
    await using session = await startWireSession();
    await using other = await startWireApi(() => true);
    const api = attached(session);

    expect(await rejectionOf(api("orders", { baseUrl: other.origin }))).toMatchObject({ response: { status: 401 } });
    expect((await api("orders", { searchParams: "page=2" })).status).toBe(200);

    expect(other.requests.map(({ token }) => token)).toEqual([undefined]);
    expect(session.wire.requests.map(({ url, isGood }) => [url, isGood])).toEqual([["/orders?page=2", true]]);
  });

  it("D58 a URL object and a Request as input", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const api = attached(session);

    await api(new URL("/url", session.wire.origin));
    await api(new Request(`${session.wire.origin}/request`, { method: "POST", body: "text", headers: { "x-a": "1" } }));

    expect(session.wire.requests.filter(({ isGood }) => isGood)).toMatchObject([
      { url: "/url" },
      { url: "/request", method: "POST", body: Buffer.from("text"), headers: { "x-a": "1" } },
    ]);
  });

  it("a redirect to another origin takes no token along", async () => {
    await using session = await startWireSession();
    await using other = await startWireApi(() => true);
    session.wire.answer = () => ({ status: 307, headers: { location: other.origin } });

    expect(await rejectionOf(attached(session).post("orders", { json: 1 }))).toMatchObject({ response: { status: 401 } });

    expect(other.requests.map(({ token }) => token)).toEqual([undefined]);
    expect([session.wire.requests.length, session.refreshes()]).toEqual([1, 0]);
  });
});

it("options that ky does not know, such as `next` and `dispatcher`, reach the fetch beneath, each time", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const dispatcher = new Agent();
  const beneath = vi.fn<typeof fetch>((input) => globalThis.fetch(input));
  const api = ky.create({ baseUrl: session.wire.origin, fetch: beneath }).extend(bearer(session.tokens));

  await rejectionOf(api("orders", { next: { revalidate: 60 }, dispatcher } as Options));

  expect(beneath.mock.calls.length).toBeGreaterThan(0);
  for (const [, init] of beneath.mock.calls) expect(init).toMatchObject({ next: { revalidate: 60 }, dispatcher });
  await dispatcher.close();
});

it("F80 progress is told as without us: upload of what is sent first, download of the answer that counts", async () => {
  await using session = await startWireSession();
  const report = async (api: KyInstance): Promise<unknown[]> => {
    const told: unknown[] = [];
    const note =
      (way: string) =>
      ({ percent, transferredBytes, totalBytes }: { percent: number; transferredBytes: number; totalBytes: number }): void => {
        told.push([way, percent, transferredBytes, totalBytes]);
      };
    await api.post("orders", { body: text, onUploadProgress: note("up"), onDownloadProgress: note("down") }).text();
    return told;
  };
  const plain = ky.create({ baseUrl: session.wire.origin, headers: { authorization: `Bearer ${await currentToken(session.tokens)}` } });
  const expected = await report(plain);

  expect(await report(attached(session))).toEqual(expected);
  await session.revoke();
  expect(await report(attached(session))).toEqual(expected);
});
