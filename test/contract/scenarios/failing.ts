import { toTokenResponse } from "@tokenflight/core";
import { expect } from "vitest";
import { tokenErrorIn } from "../../clients/client-under-test.ts";
import { startSession, type Session } from "../../end-to-end/session.ts";
import { jsonAnswer } from "../../servers/answer.ts";
import { startLoopback } from "../../servers/loopback.ts";
import { beforeUse, lateUse } from "../../servers/token-endpoint-faults.ts";
import type { Scenario } from "./scenario.ts";

async function expire({ tokens }: Session): Promise<void> {
  await tokens.save({ ...toTokenResponse(await tokens.get()), expires_at: Date.now() / 1000 - 1 });
}

/** C and D: failures, refusals that are none, and callers who give up. */
export const failing: readonly Scenario[] = [
  {
    id: "C38",
    title: "a token source that uses the client it serves gets an error, not a deadlock",
    async run({ connect }) {
      await using session = await startSession();
      const { api } = session;
      const { createTokenCache } = await import("@tokenflight/core");
      const tokens = createTokenCache({
        async source() {
          await send({ path: "/token" });
          return { access_token: "never" };
        },
      });
      const send = connect(tokens, api.origin);

      const error = await send({}).catch((thrown: unknown) => thrown);

      expect(tokenErrorIn(error)).toBeDefined();
      expect(api.requests).toHaveLength(0);
    },
  },
  {
    id: "C39",
    title: "a refresh that fails rejects every request that waits for it, each once, with the typed error",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, server, refreshes } = session;
      const send = connect(tokens, api.origin);
      await expire(session);
      server.faults.next(beforeUse(jsonAnswer(400, { error: "unauthorized_client", error_description: "no" })), 10);

      const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => send({})));

      for (const outcome of outcomes) {
        const error = outcome.status === "rejected" ? tokenErrorIn(outcome.reason) : undefined;
        expect(error).toMatchObject({ code: "ERR_TOKEN_REQUEST_REFUSED", error: "unauthorized_client", errorDescription: "no" });
      }
      expect(refreshes()).toBe(1);
      expect(api.requests).toHaveLength(0);
    },
  },
  {
    id: "C42",
    title: "403, 400, 418 and 500 refresh nothing",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, refreshes } = session;
      const send = connect(tokens, api.origin);

      for (const status of [403, 400, 418, 501]) expect((await send({ path: `/status/${status}` })).status).toBe(status);

      expect(refreshes()).toBe(0);
    },
  },
  {
    id: "C43",
    title: "a network error refreshes nothing and is the client's own error",
    async run({ connect }) {
      await using session = await startSession();
      await using broken = await startLoopback(() => (request) => void request.socket.resetAndDestroy());
      const { tokens, refreshes } = session;

      const ours = await connect(tokens, broken.origin)({}).catch((thrown: unknown) => thrown);
      const theirs = await connect(undefined, broken.origin)({}).catch((thrown: unknown) => thrown);

      expect(ours).toBeInstanceOf(Error);
      const { name, code, message, constructor } = theirs as Error & { code?: string };
      expect({ name: (ours as Error).name, code: (ours as { code?: string }).code, message: (ours as Error).message }).toEqual({
        name,
        code,
        message,
      });
      expect((ours as Error).constructor).toBe(constructor);
      expect(refreshes()).toBe(0);
    },
  },
  {
    id: "D60",
    title: "a caller that aborts while it waits for the refresh rejects at once and disturbs no other",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, server, api, refreshes } = session;
      const send = connect(tokens, api.origin);
      await expire(session);
      const gate = Promise.withResolvers<void>();
      server.faults.next(lateUse(gate.promise));
      const impatient = new AbortController();

      const given = send({ signal: impatient.signal });
      const patient = Array.from({ length: 5 }, () => send({}));
      await expect.poll(refreshes).toBe(1);
      impatient.abort();
      const error = await given.catch((thrown: unknown) => thrown);
      expect(tokenErrorIn(error)).toBeUndefined();
      expect(error).toBeInstanceOf(Error);
      gate.resolve();

      expect((await Promise.all(patient)).every(({ status }) => status === 200)).toBe(true);
      expect(refreshes()).toBe(1);
    },
  },
  {
    id: "D61",
    title: "the client's own timeout holds while a refresh hangs, and disturbs no other request",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, server, api, refreshes } = session;
      await expire(session);
      const gate = Promise.withResolvers<void>();
      server.faults.next(lateUse(gate.promise));
      const patient = connect(tokens, api.origin)({});
      await expect.poll(refreshes).toBe(1);

      const error = await connect(tokens, api.origin, {}, { timeout: 50 })({}).catch((thrown: unknown) => thrown);

      expect(tokenErrorIn(error)).toBeUndefined();
      expect(`${(error as Error).name} ${(error as { code?: string }).code}`).toMatch(/timeout|timed ?out|ETIMEDOUT|ECONNABORTED/i);
      gate.resolve();
      expect((await patient).status).toBe(200);
      expect(refreshes()).toBe(1);
      expect(api.requests).toHaveLength(1);
    },
  },
];
