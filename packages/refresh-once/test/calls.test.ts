import { memoryStore } from "@tokenflight/core";
import { expect, it } from "vitest";
import { refreshOnce } from "../src/index.ts";
import { endpoint, refreshWith, setUp } from "./set-up.ts";

const form = "application/x-www-form-urlencoded";
const fields = { grant_type: "refresh_token", refresh_token: "r 0&=é", client_id: "me" };
const text = new URLSearchParams(fields).toString();

function formData(given: Readonly<Record<string, string>> = fields): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(given)) data.append(name, value);
  return data;
}

/** The bodies that a refresh may have, each with the content type that its caller sets. */
const bodies: Record<string, () => { body: RequestInit["body"]; type?: string }> = {
  parameters: () => ({ body: new URLSearchParams(fields) }),
  "parameters, and their type": () => ({ body: new URLSearchParams(fields), type: form }),
  text: () => ({ body: text, type: form }),
  "text with a charset": () => ({ body: text, type: "Application/X-WWW-Form-Urlencoded; charset=UTF-8" }),
  "text in which every letter is encoded": () => ({
    body: text.replaceAll(/[a-z](?=[^=]*(?:=refresh|&|$))/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    type: form,
  }),
  bytes: () => ({ body: new TextEncoder().encode(text), type: form }),
  "a view of longer bytes": () => ({ body: new TextEncoder().encode(`xx${text}`).subarray(2), type: form }),
  "an ArrayBuffer": () => ({ body: new TextEncoder().encode(text).buffer, type: form }),
  "a Buffer": () => ({ body: Buffer.from(text), type: form }),
  "a Blob": () => ({ body: new Blob([text], { type: form }) }),
  FormData: () => ({ body: formData() }),
  JSON: () => ({ body: JSON.stringify(fields), type: "application/json" }),
  "JSON with escapes": () => ({
    body: `{ "x": [1], ${JSON.stringify(fields).slice(1)}`.replace("é", "\\u00e9"),
    type: "application/json; charset=utf-8",
  }),
};

type Call = Parameters<typeof fetch>;

/** The ways to call a fetch function with such a body. */
const ways: Record<string, (init: RequestInit) => Call> = {
  "a text": (init) => [endpoint, init],
  "a URL": (init) => [new URL(endpoint), init],
  "a Request": (init) => [new Request(endpoint, init)],
  "a Request, and the body beside it": ({ body = null, ...init }) => [new Request(endpoint, { ...init, body: "x" }), { body }],
  "a method in lower case": (init) => [endpoint, { ...init, method: "post" }],
  "headers as pairs": ({ headers = {}, ...init }) => [endpoint, { ...init, headers: Object.entries(headers as Record<string, string>) }],
  "headers in Headers": ({ headers = {}, ...init }) => [endpoint, { ...init, headers: new Headers(headers) }],
};

const table = Object.entries(bodies).flatMap(([body, make]) => Object.entries(ways).map(([way, call]) => [body, way, make, call] as const));

it.each(table)("%s, called with %s: sent once for two callers, as it was", async (_, way, make, callWith) => {
  const { server, process } = setUp();
  const call = (): Call => {
    const { body = null, type } = make();
    // A Request has the type of its body, and one beside it does not change that.
    const headers: Record<string, string> = { accept: "application/json", "x-mine": "1" };
    if (type !== undefined) headers["content-type"] = type;
    else if (way.includes("beside") && !(body instanceof FormData)) headers["content-type"] = form;
    return callWith({ method: "POST", headers, body });
  };
  if (way.includes("beside") && make().body instanceof FormData) return;

  const answers = await Promise.all([process()(...call()), process()(...call())]);

  expect(server.sent).toEqual([fields.refresh_token]);
  expect(server.others).toEqual([]);
  expect(server.seen[0]?.headers.get("x-mine")).toBe("1");
  expect(server.seen[0]?.url).toBe(endpoint);
  for (const answer of answers) expect(await answer.json()).toMatchObject({ access_token: "access-1", refresh_token: "refresh-1" });
});

/** Calls that are no refresh. What is looked at of them can be read again. */
const others: Record<string, () => Call> = {
  "no init": () => [endpoint],
  "a GET with the fields in its query": () => [`${endpoint}?${text}`],
  "a PUT": () => [endpoint, { method: "PUT", body: new URLSearchParams(fields) }],
  "another grant": () => [endpoint, { method: "POST", body: new URLSearchParams({ grant_type: "client_credentials" }) }],
  "another grant with a refresh token": () => [endpoint, refreshWith("x", { grant_type: "authorization_code" })],
  "a grant in capitals": () => [endpoint, refreshWith("x", { grant_type: "REFRESH_TOKEN" })],
  "no refresh token": () => [endpoint, { method: "POST", body: new URLSearchParams({ grant_type: "refresh_token" }) }],
  "an empty refresh token": () => [endpoint, refreshWith("")],
  "a form that says that it is text": () => [endpoint, { method: "POST", body: text }],
  "JSON-RPC": () => [
    endpoint,
    {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"jsonrpc":"2.0","params":{"grant_type":"refresh_token","refresh_token":"x"}}',
    },
  ],
  "JSON that is a list": () => [endpoint, { method: "POST", headers: { "content-type": "application/json" }, body: '["refresh_token"]' }],
  "JSON that is none": () => [endpoint, { method: "POST", headers: { "content-type": "application/json" }, body: '{"refresh_token":' }],
  "text of a megabyte": () => [endpoint, { method: "POST", headers: { "content-type": form }, body: `${text}&pad=${"x".repeat(2 ** 20)}` }],
  "bytes that are no UTF-8": () => [
    endpoint,
    { method: "POST", headers: { "content-type": form }, body: new Uint8Array([...new TextEncoder().encode(text), 0xff]) },
  ],
  "another protocol": () => ["data:text/plain,x", refreshWith("x")],
  "what is no URL": () => ["http://", refreshWith("x")],
  "a Request without a body": () => [new Request(endpoint, { method: "POST", headers: { "content-type": form } })],
  "a Request with another grant": () => [new Request(endpoint, refreshWith("x", { grant_type: "password" }))],
  "a Request of a megabyte": () => [new Request(endpoint, refreshWith("x", { pad: "x".repeat(2 ** 20) }))],
};

it.each(Object.entries(others))("%s: passes untouched and unread, each time", async (_, make) => {
  const calls: unknown[][] = [];
  const events: unknown[] = [];
  const answer = Response.json({});
  const beneath = (...given: unknown[]): Promise<Response> => {
    calls.push(given);
    return Promise.resolve(answer);
  };
  const send = refreshOnce({ store: memoryStore(), observe: (event) => events.push(event) })(beneath as typeof fetch);
  const given = make();

  expect(await send(...given)).toBe(answer);
  await send(...make());

  expect(calls.map((call) => call.length)).toEqual([given.length, given.length]);
  for (const [index, one] of given.entries()) expect(calls[0]?.[index]).toBe(one);
  if (given[0] instanceof Request && given[0].body !== null) {
    expect(given[0].bodyUsed).toBe(false);
    expect((await given[0].text()).length).toBeGreaterThan(10);
  }
  expect(events).toEqual([]);
});

it("a call that is no refresh is made at once, and its promise is that of the function beneath", () => {
  const answer = Promise.resolve(Response.json({}));
  const send = refreshOnce({ store: memoryStore() })(() => answer);
  expect(send(endpoint, { method: "POST", body: "{}", headers: { "content-type": "application/json" } })).toBe(answer);
});

/** Streams, and what else looks like a refresh and cannot be shared. */
const passedThrough: Record<string, [reason: string, make: () => Call]> = {
  "a stream": [
    "stream",
    () => [endpoint, { method: "POST", headers: { "content-type": form }, body: new Blob([text]).stream(), duplex: "half" } as RequestInit],
  ],
  "an iterator": [
    "stream",
    () => [
      endpoint,
      { method: "POST", headers: { "content-type": form }, body: pieces() as unknown as BodyInit, duplex: "half" } as RequestInit,
    ],
  ],
  "a Request whose body comes later": [
    "stream",
    () => [new Request(endpoint, { method: "POST", headers: { "content-type": form }, body: slowly(), duplex: "half" } as RequestInit)],
  ],
  "a body that is compressed": ["encoded", () => [endpoint, refreshWith("x", {}, { headers: { "Content-Encoding": "gzip" } })]],
  "two refresh tokens": ["ambiguous", () => [endpoint, { method: "POST", body: new URLSearchParams(`${text}&refresh_token=y`) }]],
  "two grants": ["ambiguous", () => [endpoint, { method: "POST", body: new URLSearchParams(`${text}&grant_type=password`) }]],
  "two clients": ["ambiguous", () => [endpoint, { method: "POST", body: new URLSearchParams(`${text}&client_id=you`) }]],
};

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

/** Its first bytes come when nobody looks for them any more. */
function slowly(): ReadableStream {
  return new ReadableStream({
    start(controller) {
      setTimeout(() => {
        controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      }, 300);
    },
  });
}

it.each(Object.entries(passedThrough))("%s: passes, and is told of", async (_, [reason, make]) => {
  const { server, process, events } = setUp();
  const answer = await process()(...make());
  expect(answer.status).toBe(200);
  expect(server.sent).toHaveLength(1);
  expect(events).toEqual([{ type: "passed-through", endpoint, reason }]);
});

it("what the caller changes after its call does not matter", async () => {
  const { server, process } = setUp();
  const body = new URLSearchParams(fields);
  const headers = new Headers({ "x-mine": "1" });
  const init = { method: "POST", body, headers };
  const url = new URL(endpoint);
  const answered = process()(url, init);
  body.set("refresh_token", "other");
  headers.set("x-mine", "2");
  url.pathname = "/other";
  init.method = "PUT";
  await answered;
  expect(server.seen).toMatchObject([{ refreshToken: fields.refresh_token, url: endpoint }]);
  expect(server.seen[0]?.headers.get("x-mine")).toBe("1");
});

it("knows a client by its id, in the body or in Basic authentication", async () => {
  const { server, process } = setUp();
  const send = process();
  const basic = (id: string): string => `Basic ${btoa(`${encodeURIComponent(id)}:s%3Acret`)}`;
  const body = (id?: string): URLSearchParams =>
    new URLSearchParams({ grant_type: "refresh_token", refresh_token: "r", ...(id !== undefined && { client_id: id }) });
  const post = (init: RequestInit): Promise<Response> => send(endpoint, { method: "POST", ...init });
  const first = await post({ body: body("a b:c") });
  const same = await post({ body: body(), headers: { authorization: basic("a b:c") } });
  const [one, other] = [await first.text(), await same.text()];
  expect(other).toBe(one);
  expect(server.sent).toHaveLength(1);
  await post({ body: body("another") });
  await post({ body: body(), headers: { authorization: basic("a third") } });
  await post({ body: body() });
  expect(server.sent).toHaveLength(4);
});

it("two endpoints with the same refresh token have nothing to do with each other, and one may be written in several ways", async () => {
  const { server, process } = setUp();
  server.rotates = false;
  const send = process();
  await send("https://a.example.com/token", refreshWith("r"));
  await send("https://b.example.com/token", refreshWith("r"));
  await send("https://a.example.com/other", refreshWith("r"));
  expect(server.sent).toHaveLength(3);
  await send("https://A.example.com:443/x/../token", refreshWith("r"));
  expect(server.sent).toHaveLength(3);
});
