import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import crossFetch from "cross-fetch";
import nodeFetch from "node-fetch";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { refreshOnce } from "../src/index.ts";
import { endpoint, refreshWith, setUp, type Fetch } from "./set-up.ts";

const fields = { access_token: "a", refresh_token: "b", expires_in: 3600 };
const text = JSON.stringify(fields);

describe("a fetch of a package", () => {
  let server: Server;
  let url: string;
  let requests = 0;
  let areThere = async (): Promise<void> => {};
  let next: { status: number; body: string } = { status: 200, body: text };

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests += 1;
      const answer = (): unknown => response.writeHead(next.status, { "set-cookie": ["a=1", "b=2"], "dpop-nonce": "n" }).end(next.body);
      request.resume().on("end", () => void areThere().then(answer));
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  });
  afterAll(() => void server.close());

  const fetches: Record<string, Fetch> = { "node-fetch 3": nodeFetch as unknown as Fetch, "cross-fetch, with node-fetch 2": crossFetch };

  describe.each(Object.entries(fetches))("%s", (_, fetch) => {
    it.each([
      ["tokens", 200, text],
      ["tokens behind a byte order mark", 200, `\uFEFF${text}`],
      ["a refusal", 400, '{"error":"invalid_grant"}'],
      ["nothing", 400, ""],
    ])("%s: all get them, byte for byte", async (__, status, body) => {
      next = { status, body };
      requests = 0;
      const { store, joined, waiting } = setUp();
      areThere = async () => void (await Promise.all([joined(4), waiting(1)]));
      const sends = [0, 1].map(() => refreshOnce({ store })(fetch));
      const answers = await Promise.all([...sends, ...sends].map((send) => send(url, refreshWith("r"))));
      for (const answer of answers) {
        expect([answer.status, answer.ok, answer.headers.get("dpop-nonce"), answer.url]).toEqual([status, status === 200, "n", url]);
        expect(Buffer.from(await answer.arrayBuffer()).toString("latin1")).toBe(Buffer.from(body).toString("latin1"));
      }
      expect(requests).toBe(1);
      expect(answers.filter((answer) => answer.headers.getSetCookie().length > 0).map((answer) => answer.headers.getSetCookie())).toEqual([
        ["a=1", "b=2"],
      ]);
    });
  });
});

type Like = Record<string, unknown>;
const json = "application/json";

/** What a program's own fetch, or a test's, gives in place of a Response with tokens. */
const likes: Record<string, () => Like> = {
  "an object with a text": () => ({ ok: true, status: 200, headers: new Headers(), text: async () => text }),
  "an object with JSON only, and no headers": () => ({ ok: true, status: 200, json: async () => fields }),
  "headers that are an object": () => ({ status: 200, headers: { "Content-Type": json, "x-a": ["1", "2"] }, text: async () => text }),
  "headers that are a Map": () => ({ status: 200, headers: new Map([["content-type", json]]), text: async () => text }),
  "headers that are pairs": () => ({ status: 200, headers: [["content-type", json]], text: async () => text }),
  "headers with nothing but a get": () => ({ status: 200, headers: { get: () => null }, text: async () => text }),
  "headers that cannot be": () => ({
    status: 200,
    headers: { "a b": "1", c: "\u{1f600}", d: undefined, [""]: "1" },
    text: async () => text,
  }),
  "a status text that cannot be": () => ({ status: 200, statusText: "Gr\u{1f600}n", headers: {}, text: async () => text }),
  "no statusText and no url, of other types": () => ({
    status: 200,
    statusText: 7,
    url: new URL(endpoint),
    headers: {},
    text: async () => text,
  }),
  "a body of Node's, and bytes": () => ({ status: 200, headers: {}, body: { pipe() {} }, arrayBuffer: async () => Buffer.from(text) }),
  "no bytes, though there is the method": () => ({ status: 200, body: {}, arrayBuffer: async () => undefined, text: async () => text }),
  "a body that cannot give bytes, as in React Native": () => ({
    status: 200,
    headers: new Headers({ "content-type": json }),
    arrayBuffer: () => Promise.reject(new Error("FileReader.readAsArrayBuffer is not implemented")),
    text: async () => text,
  }),
  "a text that is nothing, and JSON": () => ({ status: 200, text: async () => undefined, json: async () => fields }),
  "a stream and no more": () => ({ status: 200, body: new Response(text).body }),
  "a Response whose url is of its own": () => Object.defineProperty(new Response(text), "url", { value: undefined }) as unknown as Like,
};

describe.each(Object.entries(likes))("%s", (_, like) => {
  it("is read, and kept for all", async () => {
    const { server, process, pass } = setUp();
    server.next.push(() => like() as unknown as Response);
    const [one, other] = [process(), process()];
    const answers = await Promise.all([one, one, other].map((send) => send(endpoint, refreshWith("r"))));
    pass(20_000);
    answers.push(await process()(endpoint, refreshWith("r")));
    for (const answer of answers) {
      expect([answer.status, answer.ok, typeof answer.statusText, typeof answer.url]).toEqual([200, true, "string", "string"]);
      expect(await answer.json()).toMatchObject({ access_token: "a", refresh_token: "b" });
    }
    expect(server.sent).toEqual(["r"]);
  });
});

/** What nobody can read but who knows what it is. */
const unreadable: Record<string, (status: number) => object> = {
  "with a body of another kind": (status) => ({ status, body: text }),
  "without anything": (status) => ({ status }),
  "that somebody has read": (status) => Object.defineProperty(new Response(text, { status }), "bodyUsed", { value: true }),
  "that somebody reads": (status) => {
    const response = new Response(text, { status });
    response.body?.getReader();
    return response;
  },
  "that may not be asked": (status) => ({
    status,
    get headers() {
      throw new Error("no headers here");
    },
  }),
  "with a stream, that may not be asked": (status) => {
    const headers = {
      get: () => {
        throw new Error("no headers here");
      },
    };
    return { status, headers, body: new Response(text).body };
  },
  "whose JSON cannot be written": (status) => ({ status, json: async () => ({ access_token: 1n }) }),
};

describe.each(Object.entries(unreadable))("a response %s", (_, make) => {
  it("is its caller's, as it is; of a refusal, the others ask themselves", async () => {
    const { server, process } = setUp();
    const response = make(400);
    server.next.push(() => response as Response);
    const send = process();
    const answers = await Promise.all([send, send, send, process()].map((one) => one(endpoint, refreshWith("r"))));
    expect(answers.filter((answer) => answer === response)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(3);
    expect(server.sent).toEqual(["r", "r"]);
  });

  it("is its caller's, as it is; where the refresh token may be used up, nobody sends it at once", async () => {
    const { server, process, pass } = setUp();
    const response = make(200);
    server.next.push(() => response as Response);
    const send = process();
    const ends = await Promise.allSettled([send, send, process()].map((one) => one(endpoint, refreshWith("r"))));
    expect(ends.filter((end) => end.status === "fulfilled")).toEqual([{ status: "fulfilled", value: response }]);
    for (const end of ends) if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN" });
    expect(server.sent).toEqual(["r"]);
    pass(1200);
    expect((await send(endpoint, refreshWith("r"))).status).toBe(200);
  });
});

it("a platform whose fetch is whatwg-fetch reads what is kept as it was written", async () => {
  const { server, process } = setUp();
  // It has no types of its own.
  const whatwg = createRequire(import.meta.url)("whatwg-fetch") as Pick<typeof globalThis, "Response" | "Headers">;
  const name = "n\u{e4}her \u{1f600}";
  vi.stubGlobal("Response", whatwg.Response);
  vi.stubGlobal("Headers", whatwg.Headers);
  try {
    server.next.push(() => new Response(JSON.stringify({ ...fields, name }), { headers: { "content-type": json } }));
    for (const send of [process(), process()]) {
      const answer = await send(endpoint, refreshWith("r"));
      expect(answer).toBeInstanceOf(whatwg.Response);
      expect(await answer.json()).toMatchObject({ name, access_token: "a" });
    }
  } finally {
    vi.unstubAllGlobals();
  }
  expect(server.sent).toEqual(["r"]);
});

it("a stream beside headers that may not be asked is left as it is", async () => {
  const { server, process } = setUp();
  const { body } = new Response(text);
  const get = (): never => {
    throw new Error("no headers here");
  };
  server.next.push(() => ({ status: 200, headers: { get }, body }) as unknown as Response);
  const answer = await process()(endpoint, refreshWith("r"));
  expect(await new Response(answer.body).text()).toBe(text);
});

it("many who come at once are asked one after the other, where no refusal can be kept", async () => {
  const { server, process } = setUp();
  const [one, other] = [process(), process()];
  const long = "x".repeat(300_000);
  for (let refusals = 0; refusals < 12; refusals += 1) server.next.push(() => new Response(long, { status: 400 }));
  const all = Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? one : other)(endpoint, refreshWith("r")));
  for (const answer of await Promise.all(all)) expect([answer.status, (await answer.text()).length]).toEqual([400, 300_000]);
  expect(server.sent).toHaveLength(12);
});

it("a caller that leaves ends the body of a response that nobody here can read, whatever it is", async () => {
  const { server, process, joined } = setUp();
  const [isSent, isThere, leaving] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), new AbortController()];
  server.next.push(async () => {
    isSent.resolve();
    await isThere.promise;
    return { status: 999, body: { pipe() {} } } as unknown as Response;
  });
  const send = process();
  const mine = send(endpoint, refreshWith("r", {}, { signal: leaving.signal }));
  await isSent.promise;
  leaving.abort();
  await expect(mine).rejects.toMatchObject({ name: "AbortError" });
  const another = send(endpoint, refreshWith("r"));
  await joined(2);
  isThere.resolve();
  await expect(another).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN", status: 999 });
});
