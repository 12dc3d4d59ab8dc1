import { AsyncLocalStorage } from "node:async_hooks";
import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { fetch as undiciFetch, Request as UndiciRequest } from "undici";
import { describe, expect, it } from "vitest";
import { currentToken, rejectionOf, startWireSession, type WireSession } from "./wire-session.ts";

/** What JavaScript callers can do and TypeScript would not let them. */
const anything = <Wanted>(value: unknown): Wanted => value as Wanted;

const attached = ({ tokens, wire }: WireSession, fetch: FetchFunction = globalThis.fetch): FetchFunction =>
  bearer(tokens, { origins: wire.origin })(fetch);

describe("the fetch beneath", () => {
  it("is called before our call returns while the token is fresh: nothing is awaited", async () => {
    await using session = await startWireSession();
    let called = false;
    const send = attached(session, async (...call) => {
      called = true;
      return globalThis.fetch(...call);
    });
    // The first request of a program waits for the module that sends it.
    await send(session.wire.origin);
    called = false;

    const response = send(session.wire.origin);

    expect(called).toBe(true);
    expect((await response).status).toBe(200);
  });

  it("A15 is called without a receiver, which is all that a browser's own accepts", async () => {
    await using session = await startWireSession();
    const receivers: unknown[] = [];
    const send = attached(session, function (this: unknown, ...call) {
      receivers.push(this);
      return globalThis.fetch(...call);
    });

    await send(session.wire.origin);

    expect(receivers).toEqual([undefined]);
  });

  it("A15 may be undici's, with Requests of its own", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const send = bearer(session.tokens, { origins: session.wire.origin })(undiciFetch);
    const request = new UndiciRequest(session.wire.origin, { method: "POST", body: "text", headers: { "x-a": "1" } });

    expect((await send(request)).status).toBe(200);

    expect(session.wire.requests.map(({ body, headers }) => [body.toString(), headers["x-a"]])).toEqual([
      ["text", "1"],
      ["text", "1"],
    ]);
  });

  it.each([undefined, null, "text", { status: 200 }, { status: 401 }, { status: 401, headers: { "www-authenticate": "Basic" } }])(
    "may give something that is no Response, and the caller gets it: %j",
    async (given) => {
      await using session = await startWireSession();
      const send = attached(session, async () => anything<Response>(given));

      expect(await send(session.wire.origin, { method: "POST" })).toBe(given);
    },
  );

  it("that throws instead of rejecting rejects", async () => {
    await using session = await startWireSession();
    const thrown = new RangeError("thrown");
    const send = attached(session, () => {
      throw thrown;
    });

    expect(await rejectionOf(send(session.wire.origin))).toBe(thrown);
  });

  it("gives the very response that the caller gets, refused or not", async () => {
    await using session = await startWireSession();
    const given: Response[] = [];
    const send = attached(session, async (...call) => {
      const response = await globalThis.fetch(...call);
      given.push(response);
      return response;
    });

    expect(await send(`${session.wire.origin}/first`)).toBe(given[0]);
    await session.revoke();
    const second = await send(`${session.wire.origin}/second`);
    expect(second).toBe(given[2]);
    expect([second.url, second.type, second.redirected]).toEqual([`${session.wire.origin}/second`, "basic", false]);
  });
});

it("a function of the request sees input and init, and is called in the caller's asynchronous context", async () => {
  await using session = await startWireSession();
  const user = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const send = bearer(
    ({ input, init }) => {
      seen.push([user.getStore(), input, init]);
      return user.getStore() === "anna" ? session.tokens : undefined;
    },
    { origins: session.wire.origin },
  )(globalThis.fetch);
  const init = { headers: { "x-a": "1" } };

  await user.run("anna", () => send(session.wire.origin, init));
  await user.run("ben", () => send(new URL(session.wire.origin)));

  expect(seen).toEqual([
    ["anna", session.wire.origin, init],
    ["ben", new URL(session.wire.origin), undefined],
  ]);
  expect(session.wire.requests.map(({ token }) => token)).toEqual([await currentToken(session.tokens), undefined]);
});

it("a function of the request that throws is a rejection, and nothing is sent", async () => {
  await using session = await startWireSession();
  const thrown = new Error("whose request is this?");
  const send = bearer(
    () => {
      throw thrown;
    },
    { origins: session.wire.origin },
  )(globalThis.fetch);

  expect(await rejectionOf(send(session.wire.origin))).toBe(thrown);
  expect(session.wire.requests).toEqual([]);
});

it("attaching twice is an error that says so", async () => {
  await using session = await startWireSession();
  const send = attached(session);

  expect(() => attached(session, send)).toThrow("fetch: expected a fetch function without bearer tokens, got one that has them.");
});
