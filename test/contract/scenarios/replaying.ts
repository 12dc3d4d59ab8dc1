import { createTokenCache } from "@tokenflight/core";
import { expect } from "vitest";
import { startSession } from "../../end-to-end/session.ts";
import { lateUse } from "../../servers/token-endpoint-faults.ts";
import { startResourceApi } from "../../servers/resource-api.ts";
import { keepsItsRefusal } from "./keeps-its-refusal.ts";
import type { Scenario } from "./scenario.ts";

/** C: what happens to a request whose token was refused. */
export const replaying: readonly Scenario[] = [
  {
    id: "C31",
    title: "a refused request: one refresh, one replay with the new token, and the caller sees only the final response",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, server, refreshes } = session;
      const old = await tokens.get();
      server.revokeAccessToken(old.accessToken);

      expect((await connect(tokens, api.origin)({})).status).toBe(200);

      const { accessToken } = await tokens.get();
      expect(api.requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${old.accessToken}`, `Bearer ${accessToken}`]);
      expect(refreshes()).toBe(1);
    },
    otherwise: keepsItsRefusal,
  },
  {
    id: "C32",
    title: "the replay is refused, too: no second one, and the caller gets the last refusal",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, refreshes } = session;
      api.refuseAll();

      const outcome = await connect(tokens, api.origin)({});

      expect(outcome.status).toBe(401);
      expect(JSON.parse(outcome.body)).toMatchObject({ code: "unauthorized" });
      expect(api.requests).toHaveLength(2);
      expect(refreshes()).toBe(1);
    },
    otherwise: keepsItsRefusal,
  },
  {
    id: "C34",
    title: "100 requests refused at once: every one is replayed, with one refresh",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, server, refreshes } = session;
      const send = connect(tokens, api.origin);
      server.revokeAccessToken((await tokens.get()).accessToken);

      const outcomes = await Promise.all(Array.from({ length: 100 }, () => send({ method: "POST", body: "order" })));

      expect(outcomes.filter(({ status }) => status !== 200)).toEqual([]);
      expect(refreshes()).toBe(1);
    },
    otherwise: keepsItsRefusal,
  },
  {
    id: "C35",
    title: "a late 401 for a token that was replaced already: replay without a refresh",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, server, api, refreshes } = session;
      const send = connect(tokens, api.origin);
      server.revokeAccessToken((await tokens.get()).accessToken);
      const held = api.hold(({ url }) => url === "/late");
      const late = send({ path: "/late" });
      await held.arrived(1);
      expect((await send({ path: "/early" })).status).toBe(200);

      held.release();

      expect((await late).status).toBe(200);
      expect(refreshes()).toBe(1);
    },
    otherwise: keepsItsRefusal,
  },
  {
    id: "C36",
    title: "a request that starts while a refresh is under way waits, and is sent once, with the new token",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, server, api } = session;
      const send = connect(tokens, api.origin);
      const old = await tokens.get();
      server.revokeAccessToken(old.accessToken);
      const gate = Promise.withResolvers<void>();
      server.faults.next(lateUse(gate.promise));
      const renewal = tokens.renew(old);

      const waiting = send({ path: "/waiting" });
      gate.resolve();

      expect((await waiting).status).toBe(200);
      const { accessToken } = await renewal;
      expect(api.requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${accessToken}`]);
    },
  },
  {
    id: "C37",
    title: "a request that opts out does not wait for a refresh",
    async run({ withoutToken }) {
      await using session = await startSession();
      const { tokens, server, api } = session;
      const gate = Promise.withResolvers<void>();
      server.faults.next(lateUse(gate.promise));
      const renewal = tokens.renew(await tokens.get());

      expect((await withoutToken(tokens, api.origin)({})).status).toBe(401);

      gate.resolve();
      await renewal;
    },
  },
  {
    id: "C50",
    title: "after a refresh later requests use the new token without another one",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, server, api, refreshes } = session;
      const send = connect(tokens, api.origin);
      server.revokeAccessToken((await tokens.get()).accessToken);
      await send({});

      for (let turn = 0; turn < 5; turn += 1) expect((await send({})).status).toBe(200);

      expect(refreshes()).toBe(1);
    },
  },
  {
    id: "C51",
    title: "a later call whose newer token is refused gets a refresh of its own: once is per call",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, server, api, refreshes } = session;
      const send = connect(tokens, api.origin);

      for (let turn = 1; turn <= 3; turn += 1) {
        server.revokeAccessToken((await tokens.get()).accessToken);
        expect((await send({})).status).toBe(200);
        expect(refreshes()).toBe(turn);
      }
    },
    otherwise: keepsItsRefusal,
  },
  {
    id: "C52",
    title: "a source that has only the refused token: one request, and the caller gets the 401 as it was",
    async run({ connect }) {
      await using api = await startResourceApi({ isActive: () => false });
      const tokens = createTokenCache({ source: async () => ({ access_token: "static" }) });

      const outcome = await connect(tokens, api.origin)({});

      expect(outcome.status).toBe(401);
      expect(api.requests).toHaveLength(1);
    },
  },
  {
    id: "C54",
    title: "replay: never. The caller gets the 401, its body whole, and the next request has a fresh token",
    async run({ connect, ...client }) {
      await keepsItsRefusal({ ...client, connect: (tokens, origin, options) => connect(tokens, origin, { ...options, replay: "never" }) });
    },
  },
];
