import { createHash } from "node:crypto";
import { systemClock, toTokenResponse } from "@tokenflight/core";
import { expect, it } from "vitest";
import { clients } from "../clients/clients.ts";
import { startSession, type Session } from "./session.ts";

const callers = 1000;

/** Sends one request per caller, shared out among all clients at once, each with an id and a body of its own. */
async function sendAll({ tokens, api }: Session): Promise<Map<string, string>> {
  const sends = clients.map((client) => client.connect(tokens, api.origin));
  const bodies = new Map<string, string>();
  const outcomes = await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      const id = `caller ${caller}`;
      const body = `${id}: ${"x".repeat(caller % 500)}`;
      bodies.set(id, body);
      return sends[caller % sends.length]?.({ method: "POST", path: "/orders", body, headers: { "x-request-id": id } });
    }),
  );
  expect(outcomes.filter((outcome) => outcome?.status !== 200)).toEqual([]);
  return bodies;
}

/** Every request arrived whole, each time that it was sent. Returns how often requests were sent. */
function timesSent({ api }: Session, bodies: Map<string, string>): number[] {
  const sent = new Map<string, number>();
  for (const { id = "", bodySha256 } of api.requests) {
    sent.set(id, (sent.get(id) ?? 0) + 1);
    expect(bodySha256).toBe(
      createHash("sha256")
        .update(bodies.get(id) ?? "")
        .digest("hex"),
    );
  }
  expect(sent.size).toBe(callers);
  return [...sent.values()];
}

it("1,000 requests through all clients with an expired token: one token request", async () => {
  await using session = await startSession();
  const { tokens, refreshes } = session;
  await tokens.save({ ...toTokenResponse(await tokens.get()), expires_at: Date.now() / 1000 - 1 });

  const bodies = await sendAll(session);

  expect(refreshes()).toBe(1);
  expect(timesSent(session, bodies).every((times) => times === 1)).toBe(true);
});

it("1,000 requests with a token that looks valid and is refused: one token request, 1,000 successes, bodies whole, nothing sent more than twice", async () => {
  await using session = await startSession();
  const { tokens, server, refreshes } = session;
  server.revokeAccessToken((await tokens.get()).accessToken);

  const bodies = await sendAll(session);

  expect(refreshes()).toBe(1);
  expect(Math.max(...timesSent(session, bodies))).toBeLessThanOrEqual(2);
  expect(server.stats.familiesRevoked).toBe(0);
});

it.each(clients)("$name: a late 401 for a token that was replaced already is replayed without a refresh", async ({ connect }) => {
  await using session = await startSession();
  const { tokens, server, api, refreshes } = session;
  const send = connect(tokens, api.origin);
  const old = await tokens.get();
  server.revokeAccessToken(old.accessToken);
  const held = api.hold(({ url }) => url === "/late");
  const late = send({ path: "/late" });
  await held.arrived(1);
  expect((await send({ path: "/early" })).status).toBe(200);
  expect(refreshes()).toBe(1);

  held.release();

  expect((await late).status).toBe(200);
  expect(refreshes()).toBe(1);
  expect(api.requests.filter(({ url }) => url === "/late").map(({ status }) => status)).toEqual([401, 200]);
});

it.each(clients)("$name: the token is refreshed ahead while requests go on with the one that is there", async ({ connect }) => {
  let passed = 0;
  const clock = { ...systemClock, now: () => Date.now() + passed };
  await using session = await startSession({ cache: { clock, freshness: { ahead: 300 } } });
  const { tokens, api, refreshes, events } = session;
  const send = connect(tokens, api.origin);
  const current = await tokens.get();
  passed = 550_000;

  expect((await send({})).status).toBe(200);
  expect(api.requests[0]?.authorization).toBe(`Bearer ${current.accessToken}`);
  expect((await tokens.get({ minValidity: 60 })).accessToken).not.toBe(current.accessToken);
  expect(refreshes()).toBe(1);
  expect(events).toContainEqual(expect.objectContaining({ type: "token-obtained", reason: "expiring" }));
});
