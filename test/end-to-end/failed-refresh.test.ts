import { systemClock, toTokenResponse, type Clock } from "@tokenflight/core";
import { expect, it } from "vitest";
import { clients, tokenErrorIn } from "../clients/clients.ts";
import { jsonAnswer } from "../servers/answer.ts";
import { beforeUse, lateUse } from "../servers/token-endpoint-faults.ts";
import { startSession, type Session } from "./session.ts";

const outage = beforeUse(jsonAnswer(500, { error: "server_error" }));

/** The system's clock, of which a test can let any time pass at once. */
function skippingClock(): Clock & { skip(milliseconds: number): void } {
  let skipped = 0;
  return {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + skipped,
    skip(milliseconds) {
      skipped += milliseconds;
    },
  };
}

async function expire({ tokens }: Session): Promise<void> {
  await tokens.save({ ...toTokenResponse(await tokens.get()), expires_at: Date.now() / 1000 - 1 });
}

it.each(clients)(
  "$name: while the refresh fails, every caller gets its own 401, once, and the next one after the back-off gets through",
  async ({ connect }) => {
    const clock = skippingClock();
    await using session = await startSession({ cache: { clock } });
    const { tokens, server, api, refreshes } = session;
    const send = connect(tokens, api.origin);
    server.revokeAccessToken((await tokens.get()).accessToken);
    server.faults.next(outage, 10);

    const outcomes = await Promise.all(Array.from({ length: 50 }, () => send({ method: "POST", body: "order" })));

    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 401));
    expect(outcomes.every(({ body }) => JSON.parse(body).code === "unauthorized")).toBe(true);
    expect(api.requests).toHaveLength(50);
    expect(refreshes()).toBe(1);

    expect((await send({})).status).toBe(401);
    expect(refreshes()).toBe(1);

    server.faults.clear();
    clock.skip(60_000);
    expect((await send({})).status).toBe(200);
    expect(refreshes()).toBe(2);
  },
);

it.each(clients)("$name: without a token to send, every caller gets the typed error, once", async ({ connect }) => {
  await using session = await startSession();
  const { tokens, server, api, refreshes } = session;
  const send = connect(tokens, api.origin);
  await expire(session);
  server.faults.next(outage, 10);

  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => send({})));

  for (const outcome of outcomes) {
    const error = outcome.status === "rejected" ? tokenErrorIn(outcome.reason) : undefined;
    expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN", outcome: "unknown", status: 500 });
  }
  expect(refreshes()).toBe(1);
  expect(api.requests).toHaveLength(0);
});

it.each(clients)("$name: a caller that gives up waiting for the refresh disturbs no other", async ({ connect }) => {
  await using session = await startSession();
  const { tokens, server, api, refreshes } = session;
  const send = connect(tokens, api.origin);
  await expire(session);
  const gate = Promise.withResolvers<void>();
  server.faults.next(lateUse(gate.promise));
  const impatient = new AbortController();

  const given = send({ signal: impatient.signal });
  const patient = Array.from({ length: 20 }, () => send({}));
  impatient.abort();
  await expect(given).rejects.toMatchObject({ name: expect.stringMatching(/^(?:AbortError|CanceledError)$/) });
  gate.resolve();

  expect((await Promise.all(patient)).every(({ status }) => status === 200)).toBe(true);
  expect(refreshes()).toBe(1);
});

it.each(clients)("$name: a caller that gives up waiting for the replay disturbs no other", async ({ connect }) => {
  await using session = await startSession();
  const { tokens, server, api, refreshes } = session;
  const send = connect(tokens, api.origin);
  server.revokeAccessToken((await tokens.get()).accessToken);
  const gate = Promise.withResolvers<void>();
  server.faults.next(lateUse(gate.promise));
  const impatient = new AbortController();

  const given = send({ signal: impatient.signal });
  const patient = send({});
  await expect.poll(() => api.requests.length).toBe(2);
  impatient.abort();
  await expect(given).rejects.toMatchObject({ name: expect.stringMatching(/^(?:AbortError|CanceledError)$/) });
  gate.resolve();

  expect((await patient).status).toBe(200);
  expect(refreshes()).toBe(1);
});

it.each(clients)("$name: a session that is over is a typed error, and no more token requests are sent", async ({ connect }) => {
  await using session = await startSession();
  const { tokens, server, api, refreshes, events } = session;
  const send = connect(tokens, api.origin);
  server.revokeFamilyOf((await tokens.get()).accessToken);

  expect((await send({})).status).toBe(401);
  for (let turn = 0; turn < 3; turn += 1) {
    const error = tokenErrorIn(await send({}).catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: "ERR_LOGIN_REQUIRED", error: "invalid_grant" });
  }
  expect(refreshes()).toBe(1);
  expect(events.filter(({ type }) => type === "login-required")).toHaveLength(1);
});
