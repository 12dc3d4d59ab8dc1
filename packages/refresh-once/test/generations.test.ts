import { expect, it } from "vitest";
import { endpoint, refresh, refreshWith, setUp } from "./set-up.ts";

it("leads whoever comes with an older refresh token to the newest answer, without a request", async () => {
  const { server, process, events } = setUp();
  const ahead = process();
  for (const sent of ["r", "refresh-1", "refresh-2"]) await refresh(ahead, sent);
  events.length = 0;
  for (const old of ["r", "refresh-1", "refresh-2"])
    expect(await refresh(process(), old)).toMatchObject({ access_token: "access-3", refresh_token: "refresh-3" });
  expect(server.sent).toEqual(["r", "refresh-1", "refresh-2"]);
  expect(events.map((event) => event.type === "answer-shared" && event.generations)).toEqual([2, 1, 0]);
});

it("never sends twice what late comers and its own callers bring at the same time", async () => {
  const { server, process } = setUp();
  await refresh(process(), "r");
  const all = ["r", "refresh-1", "r", "refresh-1", "refresh-1", "r"].map((sent) => refresh(process(), sent));
  for (const { access_token } of await Promise.all(all)) expect(["access-1", "access-2"]).toContain(access_token);
  expect(server.sent).toEqual(["r", "refresh-1"]);
  expect(server.hasEnded).toBe(false);
});

it("says of an answer that is some time old how much of its lifetime is left, and changes nothing else", async () => {
  const { server, process, pass } = setUp();
  const text = (lifetime: string): string => `{"access_token":"a", "expires_in" : ${lifetime},"refresh_token":"b"}`;
  server.next.push(() => new Response(text("3600")));
  const post = async (): Promise<string> => (await process()(endpoint, refreshWith("r"))).text();
  expect(await post()).toBe(text("3600"));
  expect(await post()).toBe(text("3600"));
  pass(600_000);
  expect(await post()).toMatch(/^\{"access_token":"a", "expires_in" : (?:3000|2999),"refresh_token":"b"\}$/);
});

it.each([
  ["a text", (lifetime: number) => `{"access_token":"a","refresh_token":"b","expires_in":"${lifetime}"}`, true],
  ["a text in a form", (lifetime: number) => `access_token=a&expires_in=${lifetime}&refresh_token=b&refresh_token_expires_in=99`, true],
  ["first in a form", (lifetime: number) => `expires_in=${lifetime}&access_token=a&refresh_token=b`, true],
  ["twice", (lifetime: number) => `{"access_token":"a","refresh_token":"b","expires_in":${lifetime},"x":{"expires_in":5}}`, false],
  ["missing", () => `{"access_token":"a","refresh_token":"b"}`, false],
] as const)("a lifetime that is %s", async (_, make, changes) => {
  const { server, process, pass } = setUp();
  const type = make(0).startsWith("{") ? "application/json" : "application/x-www-form-urlencoded";
  server.next.push(() => new Response(make(3600), { headers: { "content-type": type } }));
  await process()(endpoint, refreshWith("r"));
  pass(100_500);
  const text = await (await process()(endpoint, refreshWith("r"))).text();
  expect(text).toBe(changes ? make(3499) : make(3600));
});

it.each(["3.6e3", "36E+2", "3600.25"])("a lifetime that is written as %s ends as early as any other", async (written) => {
  const { server, process, pass } = setUp();
  server.next.push(() => new Response(`{"access_token":"a","refresh_token":"b","expires_in":${written},"x":1}`));
  await process()(endpoint, refreshWith("r"));
  pass(100_500);
  const answer = await (await process()(endpoint, refreshWith("r"))).json();
  expect(answer).toEqual({ access_token: "a", refresh_token: "b", expires_in: 3499, x: 1 });
});

it("refreshes in the name of a late comer when the newest access token is over, with the newest refresh token, and once", async () => {
  const { server, process, pass } = setUp();
  await refresh(process(), "r");
  pass(3_700_000);
  const [late, other, own] = await Promise.all([refresh(process(), "r"), refresh(process(), "r"), refresh(process(), "refresh-1")]);
  expect([late, other, own].map(({ access_token }) => access_token)).toEqual(["access-2", "access-2", "access-2"]);
  expect(server.sent).toEqual(["r", "refresh-1"]);
});

it.each([
  ["parameters", (body: URLSearchParams) => ({ body })],
  [
    "text",
    (body: URLSearchParams) => ({
      body: `${body}`,
      headers: { "content-type": "application/x-www-form-urlencoded", "content-length": "1000" },
    }),
  ],
  [
    "JSON",
    (body: URLSearchParams) => ({ body: JSON.stringify(Object.fromEntries(body)), headers: { "content-type": "application/json" } }),
  ],
  [
    "FormData",
    (params: URLSearchParams) => {
      const body = new FormData();
      for (const [name, value] of params) body.append(name, value);
      return { body };
    },
  ],
] as const)("does so in %s, and leaves everything else of the request as it is", async (_, make) => {
  for (const inRequest of [false, true]) {
    const { server, process, pass } = setUp();
    await refresh(process(), "r");
    pass(3_700_000);
    const init: RequestInit = {
      method: "POST",
      ...make(new URLSearchParams({ grant_type: "refresh_token", refresh_token: "r", client_id: "me", odd: "a b&ü" })),
    };
    await process()(...((inRequest ? [new Request(endpoint, init)] : [endpoint, init]) as Parameters<typeof fetch>));
    expect(server.sent).toEqual(["r", "refresh-1"]);
    const { body, headers } = server.seen[1] as (typeof server.seen)[number];
    const sent = await new Response(body, { headers }).text();
    expect(sent).not.toContain('"r"');
    expect(/a(?:\+|%20| )b(?:&|%26)(?:ü|%C3%BC)/.test(sent)).toBe(true);
  }
});

it("gives an answer only to whoever asks for the same: another scope is asked for with the next refresh token", async () => {
  const { server, process } = setUp();
  const [mail, files] = [{ scope: "mail read" }, { scope: "files" }];
  expect(await refresh(process(), "r", mail)).toMatchObject({ access_token: "access-1" });
  expect(await refresh(process(), "r", { scope: "read  mail" })).toMatchObject({ access_token: "access-1" });
  expect(await refresh(process(), "r", files)).toMatchObject({ access_token: "access-2" });
  expect(await refresh(process(), "refresh-1", files)).toMatchObject({ access_token: "access-2" });
  expect(server.sent).toEqual(["r", "refresh-1"]);
  const all = await Promise.all([
    refresh(process(), "r", mail),
    refresh(process(), "r", files),
    refresh(process(), "r", { resource: "https://x" }),
  ]);
  expect(new Set(all.map(({ access_token }) => access_token)).size).toBe(3);
  expect(new Set(server.sent).size).toBe(server.sent.length);
  expect(server.hasEnded).toBe(false);
});

it("does the same in one process, and where the server does not rotate", async () => {
  const { server, process } = setUp();
  const send = process();
  const fields = [{ resource: "a" }, { resource: "b" }, { audience: "a" }, {}];
  const asked = [...fields, ...fields];
  const all = await Promise.all(asked.map((one) => refresh(send, "r", one)));
  const questions = server.seen.map(({ body }) => body.replace(/refresh_token=[^&]*/, "refresh_token=r"));
  const answered = all.map(({ access_token }) => questions[Number(access_token?.slice("access-".length)) - 1]);
  expect(answered).toEqual(asked.map((one) => (refreshWith("r", one).body as URLSearchParams).toString()));
  // Who comes late enough for the login to be elsewhere asks anew, with the newest refresh token.
  expect(new Set(server.sent).size).toBe(server.sent.length);
  expect(server.hasEnded).toBe(false);

  const still = setUp();
  still.server.rotates = false;
  const kept = await Promise.all(fields.map((one) => refresh(still.process(), "r", one)));
  expect(new Set(kept.map(({ access_token }) => access_token)).size).toBe(4);
});

it("goes by what the server says of the newest refresh token: a login that is over is over for late comers, too", async () => {
  const { server, process, pass } = setUp();
  await refresh(process(), "r");
  server.hasEnded = true;
  expect(await refresh(process(), "refresh-1")).toMatchObject({ status: 400, error: "invalid_grant" });
  pass(3_700_000);
  expect(await refresh(process(), "r")).toMatchObject({ status: 400, error: "invalid_grant" });
  expect(server.sent).toEqual(["r", "refresh-1", "refresh-1"]);
});

it("is not led in circles by a server that gives old refresh tokens again", async () => {
  const { server, process } = setUp();
  const give = (refresh_token: string) => () => Response.json({ access_token: `with ${refresh_token}`, refresh_token });
  server.next.push(give("b"), give("a"));
  await refresh(process(), "a");
  await refresh(process(), "b");
  for (const old of ["a", "b"]) expect((await refresh(process(), old)).status).toBe(200);
  expect(server.sent).toEqual(["a", "b"]);
});

it("keeps an answer for as long as `keep` says, whatever the wall clock of one machine does", async () => {
  const { server, process, setWall } = setUp();
  const send = process({ keep: 60 });
  await refresh(send, "r");
  for (const by of [86_400_000, -172_800_000]) {
    setWall(by);
    expect((await refresh(process({ keep: 60 }), "r")).status).toBe(200);
  }
  expect(server.sent.filter((sent) => sent === "r")).toEqual(["r"]);
});
