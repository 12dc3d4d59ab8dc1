import { describe, expect, it } from "vitest";
import { endpoint, refreshWith, setUp } from "./set-up.ts";

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const tokens = '{ "access_token":"a",\n"refresh_token":"b", "expires_in":3600}';
const form = "access_token=a&refresh_token=b&expires_in=3600";
const latin = Uint8Array.from('{"access_token":"a","refresh_token":"b","name":"n\u{e4}her"}', (letter) => letter.charCodeAt(0));

/** Answers with tokens, as servers give them: the body, and its content type. */
const odd: Record<string, readonly [body: Uint8Array<ArrayBuffer>, contentType?: string]> = {
  "JSON behind a byte order mark": [bytesOf(`\uFEFF${tokens}`), "application/json"],
  "JSON behind a byte order mark, without a type": [bytesOf(`\uFEFF${tokens}`)],
  "JSON as plain text": [bytesOf(tokens), "text/plain;charset=utf-8"],
  "JSON as a page": [bytesOf(tokens), "text/html"],
  "JSON as a form": [bytesOf(tokens), "application/x-www-form-urlencoded"],
  "JSON without a type": [bytesOf(tokens)],
  "JSON with a line break around it": [bytesOf(`\r\n${tokens}\n`), "application/json"],
  "JSON in a string": [bytesOf(JSON.stringify(tokens)), "application/json"],
  "JSON in Latin-1": [latin, "application/json;charset=iso-8859-1"],
  "a form": [bytesOf(form), "application/x-www-form-urlencoded"],
  "a form as plain text": [bytesOf(form), "text/plain"],
  "a form as JSON": [bytesOf(form), "application/json"],
  "a form without a type, behind a byte order mark": [bytesOf(`\uFEFF${form}`)],
  "a form with a line break at its end": [bytesOf(`${form}\n`), "text/plain"],
};

describe.each(Object.entries(odd))("tokens as %s", (_, [body, contentType]) => {
  const answer = (): Response => new Response(body, contentType === undefined ? {} : { headers: { "content-type": contentType } });

  it("are for all who wait and for whoever comes later, byte for byte", async () => {
    const { server, process, events, pass } = setUp();
    server.next.push(answer);
    const [one, other] = [process(), process()];
    const answers = await Promise.all([one, one, other].map((send) => send(endpoint, refreshWith("r"))));
    answers.push(await other(endpoint, refreshWith("r")));
    for (const given of answers) {
      expect([given.status, given.headers.get("content-type")]).toEqual([200, contentType ?? null]);
      expect(new Uint8Array(await given.arrayBuffer())).toEqual(body);
    }
    pass(3_000_000);
    // A day is meant where the refresh token is known to have a successor.
    expect((await process()(endpoint, refreshWith("r"))).status).toBe(200);
    expect(server.sent).toEqual(["r"]);
    expect(events.find(({ type }) => type === "answer-kept")).toMatchObject({ kept: 86_400_000 });
  });
});

it.each([
  ["JSON behind a byte order mark", `\uFEFF${tokens}`, `\uFEFF${tokens.replace("3600", "3500")}`],
  ["JSON in a string", JSON.stringify(tokens), JSON.stringify(tokens.replace("3600", "3500"))],
  ["a form", form, form.replace("3600", "3500")],
  ["camel case", '{"accessToken":"a","refreshToken":"b","expiresIn":"3600"}', '{"accessToken":"a","refreshToken":"b","expiresIn":"3500"}'],
])("%s says for how long its tokens are still good", async (_, text, aged) => {
  const { server, process, pass } = setUp();
  server.next.push(() => new Response(bytesOf(text)));
  await process()(endpoint, refreshWith("r"));
  // And what the test takes.
  pass(99_200);
  expect(new Uint8Array(await (await process()(endpoint, refreshWith("r"))).arrayBuffer())).toEqual(bytesOf(aged));
});

it.each([
  ["behind a byte order mark", bytesOf('\uFEFF{"error":"invalid_scope"}')],
  ["in Latin-1", Uint8Array.from('{"error":"invalid_scope","error_description":"Ung\u{fc}ltig"}', (letter) => letter.charCodeAt(0))],
  ["that is no text", Uint8Array.of(0xff, 0xfe, 0x00, 0xd8, 0x80)],
])("a refusal %s is for all who wait, byte for byte", async (_, body) => {
  const { server, process, waiting } = setUp();
  const isThere = Promise.withResolvers<void>();
  server.next.push(async () => {
    await isThere.promise;
    return new Response(body, { status: 400 });
  });
  const all = [process(), process()].map((send) => send(endpoint, refreshWith("r")));
  await waiting(1);
  isThere.resolve();
  for (const answer of await Promise.all(all)) {
    expect([answer.status, answer.headers.get("content-type")]).toEqual([400, null]);
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(body);
  }
  expect(server.sent).toEqual(["r"]);
});

it("a page with a link that looks like a form has no tokens", async () => {
  const { server, process, events } = setUp();
  server.next.push(() => new Response('<a href="/?a=1&access_token=a&refresh_token=b">'));
  await process()(endpoint, refreshWith("r"));
  expect(events.map(({ type }) => type)).toEqual(["refresh-sent", "answer-handed-on"]);
});
