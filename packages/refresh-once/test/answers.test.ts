import { TokenRequestError } from "@tokenflight/core";
import { describe, expect, it } from "vitest";
import { endpoint, refresh, refreshWith, setUp, type Fetch } from "./set-up.ts";

const json = (status: number, body: object, headers = {}): Response => Response.json(body, { status, headers });

describe("an answer with tokens", () => {
  it("is everybody's own: status, text, the header fields that matter, and its bytes", async () => {
    const { server, process } = setUp();
    const text = '{ "access_token":"a",\n"refresh_token":"b", "näme": "\\ud83d\\ude00" , "expires_in":3600}';
    const headers = {
      "content-type": "application/json;charset=UTF-8",
      "cache-control": "no-store",
      date: "Sat, 28 Nov 2026 08:00:00 GMT",
      "dpop-nonce": "n-1",
      "set-cookie": "session=secret",
      "x-request-id": "1",
    };
    server.next.push(() => new Response(text, { status: 201, statusText: "Made", headers }));
    const [one, other] = [process(), process()];

    const answers = await Promise.all([one(endpoint, refreshWith("r")), other(endpoint, refreshWith("r"))]);
    answers.push(await other(endpoint, refreshWith("r")));

    expect(server.sent).toEqual(["r"]);
    for (const answer of answers) {
      expect(answer).toBeInstanceOf(Response);
      expect([answer.status, answer.statusText, answer.ok, answer.redirected, answer.bodyUsed]).toEqual([201, "Made", true, false, false]);
      for (const name of ["content-type", "cache-control", "date", "dpop-nonce"] as const)
        expect([name, answer.headers.get(name)]).toEqual([name, headers[name]]);
      expect(new Uint8Array(await answer.clone().arrayBuffer())).toEqual(new TextEncoder().encode(text));
      expect(await answer.text()).toBe(text);
    }
    // A cookie is for whom the server answered.
    expect(answers.map((answer) => answer.headers.get("set-cookie")).filter(Boolean)).toEqual(["session=secret"]);
  });

  it.each([
    [
      "in a form, as GitHub gives it",
      () => new Response("access_token=a&refresh_token=b", { headers: { "content-type": "application/x-www-form-urlencoded" } }),
    ],
    ["in an envelope", () => json(200, { ok: true, data: { access_token: "a", refresh_token: "b" } })],
    ["of a user beside those of a bot", () => json(200, { ok: true, authed_user: { access_token: "a", refresh_token: "b" } })],
    ["in camel case", () => json(200, { accessToken: "a", refreshToken: "b", expiresIn: 7200 })],
    ["in JSON within JSON", () => json(200, { statusCode: 200, body: '{"access_token":"a","refresh_token":"b"}' })],
    ["in a list", () => json(200, { data: [{ access_token: "a", refresh_token: "b" }] })],
    ["a new refresh token alone", () => json(200, { refresh_token: "b" })],
  ])("is kept where the tokens are %s", async (_, answer) => {
    const { server, process, pass } = setUp();
    server.next.push(answer);
    await process()(endpoint, refreshWith("r"));
    pass(3_600_000);
    await process()(endpoint, refreshWith("r"));
    expect(server.sent).toEqual(["r"]);
  });

  it("over 256 KB is handed on whole, to whom it was for, and not kept", async () => {
    const { server, process, joined } = setUp();
    const long = { access_token: "a", refresh_token: "b", pad: "x".repeat(300_000) };
    const isThere = Promise.withResolvers<void>();
    server.next.push(async () => {
      await isThere.promise;
      return json(200, long);
    });
    const send = process();
    const mine = send(endpoint, refreshWith("r"));
    await expect.poll(() => server.sent).toHaveLength(1);
    const another = send(endpoint, refreshWith("r"));
    await joined(2);
    isThere.resolve();
    const { pad } = (await (await mine).json()) as typeof long;
    expect(pad.length).toBe(long.pad.length);
    await expect(another).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN" });
  });

  it.each([
    ["a little less than 256 KB", 260_000, true],
    ["a little more", 263_000, false],
  ])("of %s is kept, or is not, as it says", async (_, length, isKept) => {
    const { server, process } = setUp();
    const body = `{"access_token":"a","refresh_token":"b","pad":"`;
    server.next.push(() => new Response(`${body}${"x".repeat(length - body.length - 2)}"}`));
    const first = await (await process()(endpoint, refreshWith("r"))).text();
    expect(first).toHaveLength(length);
    const later = process()(endpoint, refreshWith("r"));
    if (isKept) expect(await (await later).text()).toBe(first);
    else await expect(later).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN" });
    expect(server.sent).toEqual(["r"]);
  });

  it("is read no further than is needed, however long it is", async () => {
    const { server, process } = setUp();
    let chunks = 0;
    const endless = (): Response =>
      new Response(
        new ReadableStream({
          pull(controller) {
            chunks += 1;
            controller.enqueue(new Uint8Array(65_536).fill(120));
          },
        }),
      );
    server.next.push(endless);
    const answer = await process()(endpoint, refreshWith("r"));
    expect(chunks).toBeLessThan(10);
    const reader = answer.body?.getReader();
    let size = 0;
    while (size < 2 ** 20) size += (await reader?.read())?.value?.byteLength ?? Number.NaN;
    await reader?.cancel();
    expect(size).toBeGreaterThanOrEqual(2 ** 20);
  });
});

/** An answer of 320 KB, and of as much more as is read. `isCancelled` says that nobody wants it. */
function longAnswer(): { response: Response; isCancelled: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let chunks = 0;
  const body = new ReadableStream({
    pull(controller) {
      chunks += 1;
      // Then it never ends.
      if (chunks <= 5) controller.enqueue(new Uint8Array(65_536).fill(120));
      return chunks <= 5 ? undefined : new Promise<void>(() => {});
    },
    cancel: () => resolve(),
  });
  return { response: new Response(body), isCancelled: promise };
}

describe("an answer that is longer than what is kept, and whose caller has left", () => {
  it("is not read on: its connection is free again", async () => {
    const { server, process } = setUp();
    const { response, isCancelled } = longAnswer();
    const [isSent, isThere, leaving] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), new AbortController()];
    server.next.push(async () => {
      isSent.resolve();
      await isThere.promise;
      return response;
    });
    const mine = process()(endpoint, refreshWith("r", {}, { signal: leaving.signal }));
    await isSent.promise;
    leaving.abort();
    await expect(mine).rejects.toMatchObject({ name: "AbortError" });
    isThere.resolve();
    await isCancelled;
  });

  it("because it has come too late is not read on either", async () => {
    const { server, process } = setUp({ timeouts: { request: 0.2 } });
    const { response, isCancelled } = longAnswer();
    const isThere = Promise.withResolvers<void>();
    server.next.push(async () => {
      await isThere.promise;
      return response;
    });
    await expect(process()(endpoint, refreshWith("r"))).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN" });
    isThere.resolve();
    await isCancelled;
  });
});

describe("a server that does not rotate", () => {
  it.each([
    ["gives no refresh token", {}],
    ["gives the same one again", { refresh_token: "r" }],
  ])("%s: its answer is kept for ten seconds, and no longer", async (_, fields) => {
    const { server, process, pass } = setUp();
    server.rotates = false;
    server.fields = { expires_in: 3600, ...fields };
    const first = await refresh(process(), "r");
    pass(9_000);
    expect(await refresh(process(), "r")).toMatchObject({ access_token: first.access_token });
    pass(1_100);
    expect(await refresh(process(), "r")).toMatchObject({ access_token: "access-2" });
    expect(server.sent).toEqual(["r", "r"]);
  });

  it("and whose tokens are over sooner: no longer than that", async () => {
    const { server, process, pass } = setUp();
    server.rotates = false;
    server.fields = { expires_in: 3 };
    await refresh(process(), "r");
    pass(3_100);
    await refresh(process(), "r");
    expect(server.sent).toEqual(["r", "r"]);
  });

  it.each([-3_600_000, 3_600_000])("and a clock that is set by %i ms meanwhile: it is asked again", async (by) => {
    const { server, process, pass, setWall } = setUp();
    server.rotates = false;
    await refresh(process(), "r");
    setWall(by);
    pass(11_000);
    await refresh(process(), "r");
    expect(server.sent).toEqual(["r", "r"]);
  });
});

/** Answers without tokens: for how many milliseconds they are remembered. */
const refusals: Record<string, [answer: () => Response, remembered: number]> = {
  invalid_grant: [() => json(400, { error: "invalid_grant" }), 10_000],
  "invalid_grant as 401": [() => json(401, { error: "invalid_grant" }), 10_000],
  invalid_scope: [() => json(400, { error: "invalid_scope" }), 0],
  use_dpop_nonce: [() => json(400, { error: "use_dpop_nonce" }, { "dpop-nonce": "n" }), 0],
  "too many requests": [() => json(429, { error: "slow_down" }, { "retry-after": "30" }), 0],
  "a page that is no JSON": [() => new Response("<h1>No</h1>", { status: 403 }), 0],
  "a redirect that is not followed": [() => new Response("", { status: 307, headers: { location: "/elsewhere" } }), 0],
  "another challenge as 401": [() => json(401, { error: "use_dpop_nonce" }, { "www-authenticate": "DPoP", "dpop-nonce": "n" }), 0],
  "an error with the status 200": [() => json(200, { ok: false, error: "invalid_refresh_token" }), 0],
  "a bad gateway": [() => new Response("<h1>Bad gateway</h1>", { status: 502 }), 1000],
  "an internal error": [() => json(500, { error: "server_error" }), 1000],
  "no service for a while": [() => json(503, {}, { "retry-after": "7" }), 7000],
  "a good answer without tokens, and without an error": [() => json(200, { ok: true }), 1000],
  "an error with the refresh token that was sent": [() => json(200, { error: "invalid_grant", refresh_token: "r" }), 0],
  "a page in place of tokens": [() => new Response("<h1>Log in</h1>", { status: 200 }), 1000],
};

describe.each(Object.entries(refusals))("%s", (_, [make, remembered]) => {
  it("is given to all who wait, in whichever process", async () => {
    const { server, process, waiting, joined } = setUp();
    const isThere = Promise.withResolvers<void>();
    const [one, other, third] = [process(), process(), process()];
    server.next.push(async () => {
      await isThere.promise;
      return make();
    });
    const all = [one, one, other, other, third].map((send) => send(endpoint, refreshWith("r")));
    await Promise.all([joined(5), waiting(2)]);
    isThere.resolve();
    const wanted = make();
    const text = await wanted.text();
    for (const answer of await Promise.all(all)) {
      expect([answer.status, await answer.text()]).toEqual([wanted.status, text]);
      for (const name of ["dpop-nonce", "www-authenticate", "retry-after"]) expect(answer.headers.get(name)).toBe(wanted.headers.get(name));
    }
    expect(server.sent).toEqual(["r"]);
  });

  it(`is remembered for ${remembered} ms by whoever comes later`, async () => {
    const { server, process, pass } = setUp();
    server.next.push(make);
    const first = process();
    await first(endpoint, refreshWith("r"));
    if (remembered > 0) {
      pass(remembered / 2);
      for (const send of [first, process()]) expect((await send(endpoint, refreshWith("r"))).status).toBe(make().status);
      expect(server.sent).toEqual(["r"]);
      pass(remembered);
    }
    expect((await process()(endpoint, refreshWith("r"))).status).toBe(200);
    expect(server.sent).toEqual(["r", "r"]);
  });
});

describe("a request without an answer", () => {
  it("by a fetch function that knows of no signals, and never settles, is told of as one that failed", async () => {
    const { server, process, events } = setUp({ timeouts: { request: 0.2 } });
    const never = new Promise<never>(() => {});
    server.next.push(
      () => never,
      () => new Response(new ReadableStream({ pull: () => never })),
    );
    for (const sent of ["r", "s"])
      await expect(process()(endpoint, refreshWith(sent))).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN" });
    await expect.poll(() => events.filter(({ type }) => type === "refresh-failed").length, { timeout: 5000 }).toBe(2);
  });

  it("that may be looked at leaves open whether the refresh token was used up", async () => {
    const { server, process, pass } = setUp();
    server.next.push(() => Response.error());
    expect((await process()(endpoint, refreshWith("r"))).status).toBe(0);
    await expect(process()(endpoint, refreshWith("r"))).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN" });
    expect(server.sent).toEqual(["r"]);
    pass(1200);
    expect((await process()(endpoint, refreshWith("r"))).status).toBe(200);
  });

  it("that was cut off fails for all in the process as the fetch function failed, and in other processes too", async () => {
    const { server, process, waiting, joined } = setUp();
    const cut = new TypeError("fetch failed", { cause: Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" }) });
    const isThere = Promise.withResolvers<void>();
    server.next.push(async () => {
      await isThere.promise;
      throw cut;
    });
    const [one, other] = [process(), process()];
    const send = (from: Fetch): Promise<Response> => from(endpoint, refreshWith("r"));
    const first = send(one);
    await expect.poll(() => server.sent).toHaveLength(1);
    const all = [first, send(one), send(other)];
    await Promise.all([joined(3), waiting(1)]);
    isThere.resolve();
    const ends = await Promise.allSettled(all);
    expect(ends.map((end) => end.status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(ends.slice(0, 2).map((end) => (end as PromiseRejectedResult).reason)).toEqual([cut, cut]);
    expect((ends[2] as PromiseRejectedResult).reason).toBeInstanceOf(TokenRequestError);
    expect(server.sent).toEqual(["r"]);
  });

  it("whose body is cut off fails the same way, and the refresh token is sent once more after a pause", async () => {
    const { server, process, pass, events } = setUp();
    const broken = new Error("terminated");
    server.next.push(
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              controller.error(broken);
            },
          }),
        ),
    );
    const send = process();
    await expect(send(endpoint, refreshWith("r"))).rejects.toBe(broken);
    await expect(process()(endpoint, refreshWith("r"))).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN" });
    expect(server.sent).toEqual(["r"]);
    pass(1200);
    expect(await refresh(send, "r")).toMatchObject({ access_token: "access-1" });
    expect(events.filter(({ type }) => type === "refresh-failed")).toHaveLength(1);
  });

  it.each(["ECONNREFUSED", "ENOTFOUND"])("that was never sent (%s) is sent again by the next caller, at once", async (code) => {
    const { server, process } = setUp();
    const refused = new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code }) });
    server.next.push(() => Promise.reject(refused));
    await expect(process()(endpoint, refreshWith("r"))).rejects.toBe(refused);
    expect(await refresh(process(), "r")).toMatchObject({ access_token: "access-1" });
  });

  it("because the function beneath throws, or gives no response, is one that failed", async () => {
    const { server, process, pass } = setUp();
    server.next.push(
      () => undefined as unknown as Response,
      () => "" as unknown as Response,
    );
    const thrown = new Error("thrown");
    server.before = () => {
      throw thrown;
    };
    await expect(process()(endpoint, refreshWith("r"))).rejects.toBe(thrown);
    server.before = async () => {};
    pass(1200);
    server.next.shift();
    await expect(process()(endpoint, refreshWith("r"))).rejects.toThrow("gave no Response");
  });
});
