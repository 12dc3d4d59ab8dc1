import { memoryStore } from "@tokenflight/core";
import { expect, it } from "vitest";
import { refreshOnce } from "../src/index.ts";
import { endpoint, refresh, setUp } from "./set-up.ts";

const form = "application/x-www-form-urlencoded";
const fields = { grant_type: "refresh_token", refresh_token: "r", client_id: "me" };
const text = new URLSearchParams(fields).toString();
const boundary = "----boundary";
const multipart = `${Object.entries(fields)
  .map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
  .join("")}--${boundary}--\r\n`;
const multipartType = `multipart/form-data; boundary=${boundary}`;
const bytesOf = (from: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(from);

/** What a caller gives to fetch, and nothing more. */
const calls: Record<string, () => RequestInit> = {
  "parameters alone": () => ({ body: new URLSearchParams(fields) }),
  "a Blob alone, which names its type": () => ({ body: new Blob([text], { type: form }) }),
  "a File alone": () => ({ body: new File([text], "x", { type: `${form};charset=utf-8` }) }),
  "a Blob of JSON": () => ({ body: new Blob([JSON.stringify(fields)], { type: "application/json" }) }),
  "text with its type": () => ({ body: text, headers: { "Content-Type": form } }),
  "a text of several parts": () => ({ body: multipart, headers: { "content-type": multipartType } }),
  "bytes of several parts": () => ({ body: bytesOf(multipart), headers: { "content-type": multipartType } }),
  "a Blob of several parts": () => ({ body: new Blob([multipart], { type: multipartType }) }),
};

it.each(Object.entries(calls))(
  "%s: leaves as it would without refreshOnce, once, and with the next refresh token where the old one is over",
  async (_, make) => {
    const { server, process, pass } = setUp();
    await server.fetch(endpoint, { method: "POST", ...make() });
    const [bare] = server.seen.splice(0);
    expect(bare).toMatchObject({ refreshToken: "r" });
    const store = memoryStore();
    const answers = await Promise.all([0, 1].map(async () => process({ store })(endpoint, { method: "POST", ...make() })));
    expect(answers.map(({ status }) => status)).toEqual([400, 400]);
    expect(server.seen).toHaveLength(1);
    const [seen] = server.seen;
    expect(seen?.headers.get("content-type")).toBe(bare?.headers.get("content-type"));
    expect(seen?.body).toBe(bare?.body);

    const other = setUp();
    await refresh(other.process(), "r");
    other.pass(3_700_000);
    await other.process()(endpoint, { method: "POST", ...make() });
    expect(other.server.sent).toEqual(["r", "refresh-1"]);
    const plain = (type: string | null | undefined): string | undefined => type?.split(";")[0];
    expect(plain(other.server.seen[1]?.headers.get("content-type"))).toBe(plain(bare?.headers.get("content-type")));
    void pass;
  },
);

it("several parts that are no refresh pass as they are, whatever they hold", async () => {
  const given: RequestInit[] = [
    { body: multipart.replace("refresh_token\r\n", "password\r\n"), headers: { "content-type": multipartType } },
    { body: multipart, headers: { "content-type": "multipart/form-data" } },
    { body: multipart.slice(0, -20), headers: { "content-type": multipartType } },
  ];
  const seen: unknown[] = [];
  const send = refreshOnce({ store: memoryStore() })(async (_url: unknown, init?: unknown) => {
    seen.push(init);
    return new Response();
  });
  const inits = given.map((init) => ({ method: "POST", ...init }));
  for (const init of inits) await send(endpoint, init);
  for (const [index, init] of inits.entries()) expect(seen[index]).toBe(init);
});

/** Texts of which the bytes that leave, or the letters that come out of them, are the same as of others. */
it.each([
  ["a form with bytes that are no letters", { body: text.replace("=r&", "=r%E9&"), headers: { "content-type": form } }],
  [
    "JSON with half a letter",
    { body: JSON.stringify({ ...fields, refresh_token: "r\ud800" }), headers: { "content-type": "application/json" } },
  ],
  ["parameters with a letter that stands for others", { body: new URLSearchParams({ ...fields, refresh_token: "r\ufffd" }) }],
])("%s for a refresh token: passes, and is told of, because two such tokens could not be told apart", async (_, init) => {
  const { server, process, events } = setUp();
  const send = process();
  await send(endpoint, { method: "POST", ...init });
  await send(endpoint, { method: "POST", ...init });
  expect(server.sent).toHaveLength(2);
  expect(events).toEqual([
    { type: "passed-through", endpoint, reason: "ambiguous" },
    { type: "passed-through", endpoint, reason: "ambiguous" },
  ]);
});

it("nothing that somebody put into all objects is taken for a part of a request or of an answer", async () => {
  const { server, process, pass, events } = setUp();
  const planted = {
    grant_type: "refresh_token",
    refresh_token: "planted",
    client_id: "planted",
    access_token: "planted",
    expires_in: 1,
    error: "invalid_grant",
    successor: "planted",
    lifetime: 1,
    kind: "tokens",
    purpose: "planted",
    note: "{}",
    text: "{}",
    pause: 9e9,
  };
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const post = async (body: object): Promise<unknown> => {
    const headers = { "content-type": "application/json" };
    return (await process()(endpoint, { method: "POST", headers, body: JSON.stringify(body) })).json();
  };
  const answers: unknown[] = [];
  Object.assign(prototype, planted);
  try {
    // What a server gives that has no tokens has none, and what fails begins no pause.
    server.next.push(
      () => Response.json({ token_type: "none" }, { status: 400 }),
      () => Promise.reject(Object.assign(new Error("x"), { code: "ECONNREFUSED" })),
    );
    answers.push(await post({ grant_type: "refresh_token", refresh_token: "s" }));
    await expect(post({ grant_type: "refresh_token", refresh_token: "s" })).rejects.toThrow("x");
    answers.push(await post({ grant_type: "refresh_token", refresh_token: "s" }));
    pass(2000);
    answers.push(await post({ grant_type: "refresh_token", refresh_token: "s" }));
    await post({ refresh_token: "x" });
    await post({ grant_type: "refresh_token" });
  } finally {
    for (const name of Object.keys(planted)) delete prototype[name];
  }
  const tokens = { access_token: "access-1", refresh_token: "refresh-1", token_type: "Bearer" };
  expect(answers).toMatchObject([{ token_type: "none" }, { ...tokens, expires_in: 3600 }, tokens]);
  // The last two are no refreshes: the server of this test reads them as it likes.
  expect(server.sent.slice(0, 3)).toEqual(["s", "s", "s"]);
  expect(events.filter(({ type }) => type === "refresh-sent")).toHaveLength(3);
});
