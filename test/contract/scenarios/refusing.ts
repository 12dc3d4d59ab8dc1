import { expect } from "vitest";
import { startSession } from "../../end-to-end/session.ts";
import { lateUse } from "../../servers/token-endpoint-faults.ts";
import { keepsItsRefusal } from "./keeps-its-refusal.ts";
import type { Scenario } from "./scenario.ts";

const broken = (): never => {
  throw new Error("no");
};

/** C: what counts as a refusal, and what a refusal means for the requests beside it. */
export const refusing: readonly Scenario[] = [
  {
    id: "C33",
    title: "two requests under way with the old token are refused: one refresh, and both are replayed",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, server, refreshes } = session;
      const send = connect(tokens, api.origin);
      server.revokeAccessToken((await tokens.get()).accessToken);
      const held = api.hold();
      const both = [send({ path: "/one" }), send({ path: "/two" })];
      await held.arrived(2);

      held.release();

      expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
      expect(api.requests.map(({ status }) => status)).toEqual([401, 401, 200, 200]);
      expect(refreshes()).toBe(1);
    },
    otherwise: keepsItsRefusal,
  },
  {
    id: "C47",
    title: "a predicate of the caller's decides what refuses the token; if it throws, the response is the answer and nothing is refreshed",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, refreshes } = session;
      const forbidden = connect(tokens, api.origin, { refused: ({ status, statusCode }) => (status ?? statusCode) === 403 });

      expect((await forbidden({ path: "/status/403" })).status).toBe(403);
      expect(api.requests.map(({ status }) => status)).toEqual([403, 403]);
      expect(refreshes()).toBe(1);
      expect((await forbidden({ path: "/status/401" })).status).toBe(401);

      expect(api.requests.map(({ status }) => status)).toEqual([403, 403, 401]);

      await using another = await startSession();
      expect((await connect(another.tokens, another.api.origin, { refused: broken })({ path: "/status/401" })).status).toBe(401);
      expect(another.api.requests.map(({ status }) => status)).toEqual([401]);
      expect(another.refreshes()).toBe(0);
    },
    async otherwise({ connect }) {
      await using session = await startSession();
      const { tokens, api, refreshes } = session;
      const forbidden = connect(tokens, api.origin, { refused: ({ statusCode }) => statusCode === 403 });

      expect((await forbidden({ path: "/status/401" })).status).toBe(401);
      expect(refreshes()).toBe(0);
      expect((await forbidden({ path: "/status/403" })).status).toBe(403);
      await expect.poll(refreshes).toBe(1);
      expect(api.requests.map(({ status }) => status)).toEqual([401, 403]);

      await using another = await startSession();
      expect((await connect(another.tokens, another.api.origin, { refused: broken })({ path: "/status/401" })).status).toBe(401);
      expect(another.refreshes()).toBe(0);
    },
  },
  {
    id: "C49",
    title: "a refused token is not sent again while a refresh is under way, however long it would have lived",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, server, refreshes } = session;
      const send = connect(tokens, api.origin);
      const old = await tokens.get();
      server.revokeAccessToken(old.accessToken);
      const gate = Promise.withResolvers<void>();
      server.faults.next(lateUse(gate.promise));
      const refused = send({ path: "/refused" });
      await expect.poll(refreshes).toBe(1);

      expect(tokens.peek()).toBeUndefined();
      const next = send({ path: "/next" });
      gate.resolve();

      expect([(await refused).status, (await next).status]).toEqual([200, 200]);
      const { accessToken } = await tokens.get();
      expect(api.requests.map(({ url, authorization }) => [url, authorization]).toSorted()).toEqual(
        [
          ["/next", `Bearer ${accessToken}`],
          ["/refused", `Bearer ${old.accessToken}`],
          ["/refused", `Bearer ${accessToken}`],
        ].toSorted(),
      );
    },
    otherwise: keepsItsRefusal,
  },
];
