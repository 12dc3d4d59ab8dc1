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

/** The challenges that a 401 may have, and whether it is about the token then (RFC 6750 section 3.1). */
const challenges: readonly (readonly [challenge: string, aboutTheToken: boolean])[] = [
  ["Bearer", true],
  ['Bearer realm="api", error="invalid_token"', true],
  ["Bearer error=invalid_token", true],
  ['Basic realm="never closed', true],
  ["=,;", true],
  ['Basic realm="x", Bearer error="invalid_token"', true],
  ['Bearer error="insufficient_scope"', false],
  ['Bearer error="invalid_request"', false],
  ['Basic realm="api"', false],
];

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
    id: "C45",
    title: "a 401 is about the token unless its challenge says otherwise, and no challenge breaks anything",
    async run({ connect }) {
      for (const [challenge, aboutTheToken] of challenges) {
        await using session = await startSession();
        const { tokens, api, refreshes } = session;

        const { status } = await connect(tokens, api.origin)({ path: `/status/401?challenge=${encodeURIComponent(challenge)}` });

        expect(status).toBe(401);
        await expect.poll(refreshes, { message: challenge }).toBe(aboutTheToken ? 1 : 0);
      }
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
