import type { TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/ky";
import ky, { type KyInstance, type Options } from "ky";
import { expect, it } from "vitest";
import { rejectionOf, startWireSession, type WireSession } from "./wire-session.ts";

const attached = ({ tokens, wire }: WireSession, options: Options = {}): KyInstance =>
  ky.create({ baseUrl: wire.origin, ...options }).extend(bearer(tokens));

it("F78 extend inherits the tokens, however often", async () => {
  await using session = await startWireSession();
  const grandchild = attached(session)
    .extend({ headers: { "x-a": "1" } })
    .extend({ prefix: "v1" });

  expect((await grandchild("orders")).status).toBe(200);

  expect(session.wire.requests).toMatchObject([{ url: "/v1/orders", headers: { "x-a": "1" }, isGood: true }]);
});

it("F78 create begins anew, without the tokens, as ky documents", async () => {
  await using session = await startWireSession();

  expect(await rejectionOf(attached(session).create({ baseUrl: session.wire.origin })("orders"))).toMatchObject({
    response: { status: 401 },
  });

  expect(session.wire.requests.map(({ token }) => token)).toEqual([undefined]);
});

it("the parent stays as it was", async () => {
  await using session = await startWireSession();
  const parent = ky.create({ baseUrl: session.wire.origin });
  parent.extend(bearer(session.tokens));

  await rejectionOf(parent("orders"));

  expect(session.wire.requests.map(({ token }) => token)).toEqual([undefined]);
});

it("A15 a fetch of the parent's own is the one beneath", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const calls: string[] = [];
  const parent = ky.create({
    baseUrl: session.wire.origin,
    fetch: (input, init) => {
      calls.push((input as Request).url);
      return globalThis.fetch(input, init);
    },
  });

  await parent.extend(bearer(session.tokens))("orders");

  expect(calls).toHaveLength(2);
});

it("a fetch of a child or of a call takes our place: the documented way to opt out", async () => {
  await using session = await startWireSession();
  await session.revoke();
  for (const tokens of [session.tokens, () => session.tokens]) {
    const api = ky.create({ baseUrl: session.wire.origin, throwHttpErrors: false }).extend(bearer(tokens));
    expect((await api("call", { fetch: globalThis.fetch })).status).toBe(401);
    expect((await api.extend({ fetch: globalThis.fetch })("child")).status).toBe(401);
  }

  expect(session.wire.requests.map(({ token }) => token)).toEqual([undefined, undefined, undefined, undefined]);
  expect(session.refreshes()).toBe(0);
});

it("F76 a child may wrap the fetch that it inherits, ours", async () => {
  await using session = await startWireSession();
  const calls: boolean[] = [];
  const child = attached(session).extend(({ fetch = globalThis.fetch }) => ({
    fetch: (input, init) => {
      calls.push((input as Request).headers.has("authorization"));
      return fetch(input, init);
    },
  }));

  expect((await child("orders")).status).toBe(200);

  expect(calls).toEqual([false]);
});

it("attaching twice is an error that says so", async () => {
  await using session = await startWireSession();

  expect(() => attached(session).extend({ timeout: 100 }).extend(bearer(session.tokens))).toThrow(
    "parent: expected a ky instance without bearer tokens, got one that has them.",
  );
});

it("an Authorization header of a parent, a child or a call wins, and a 401 to it refreshes nothing", async () => {
  await using session = await startWireSession();
  const headers = { Authorization: "Basic bWU6cHc=" };
  await rejectionOf(attached(session, { headers })("parent"));
  await rejectionOf(attached(session).extend({ headers })("child"));
  await rejectionOf(attached(session)("call", { headers }));

  expect(session.wire.requests.map(({ headers: seen }) => seen.authorization)).toEqual(Array(3).fill("Basic bWU6cHc="));
  expect(session.refreshes()).toBe(0);
});

it("100 POSTs that are refused at once: one refresh, every body arrives whole", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const api = attached(session);
  const numbers = Array.from({ length: 100 }, (_, index) => index);

  await Promise.all(numbers.map((number) => api.post("orders", { json: { number } })));

  const arrived = session.wire.requests.filter(({ isGood }) => isGood).map(({ body }) => JSON.parse(body.toString()).number as number);
  expect(arrived.toSorted((a, b) => a - b)).toEqual(numbers);
  expect(session.refreshes()).toBe(1);
});

it("bearer spread into options is an error, and no instance without tokens", () => {
  const spread = (): Options => ({ ...bearer({} as TokenCache, { origins: "https://api.example.com" }) });
  expect(spread).toThrow("a call of extend, as in ky.create({ prefix }).extend(bearer(tokens)), got a spread into options");
});
