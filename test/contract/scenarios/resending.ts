import { createTokenCache } from "@tokenflight/core";
import { expect } from "vitest";
import { longRefusal, startWireSession, usual } from "../../adapters/wire-session.ts";
import { startSession } from "../../end-to-end/session.ts";
import { startLoopback } from "../../servers/loopback.ts";
import { headerLines } from "./header-lines.ts";
import { keepsItsRefusal } from "./keeps-its-refusal.ts";
import type { Scenario } from "./scenario.ts";

/** D: what is sent the second time. */
export const resending: readonly Scenario[] = [
  {
    id: "D55",
    title: "the replay has the body, byte for byte, and method, query and headers of the first time",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, server, api } = session;
      server.revokeAccessToken((await tokens.get()).accessToken);
      const body = JSON.stringify({ order: "tea", note: "größer als 100 °C" });
      const headers = { "content-type": "application/json", "x-request-id": "order-1" };

      const outcome = await connect(tokens, api.origin)({ method: "POST", path: "/orders?page=2&q=a%20b", body, headers });

      expect(JSON.parse(outcome.body)).toMatchObject({ method: "POST", url: "/orders?page=2&q=a%20b", body });
      const [first, second] = api.requests;
      expect(api.requests).toHaveLength(2);
      expect({ ...second, authorization: "", status: 0 }).toEqual({ ...first, authorization: "", status: 0 });
    },
    otherwise: keepsItsRefusal,
  },
  {
    id: "D56",
    title: "the path of a base URL stands before the path once, the second time, too",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, server, api } = session;
      server.revokeAccessToken((await tokens.get()).accessToken);

      expect((await connect(tokens, api.origin, {}, { base: "/api/v2" })({ path: "/me?x=1" })).status).toBe(200);

      expect(api.requests.map(({ url }) => url)).toEqual(["/api/v2/me?x=1", "/api/v2/me?x=1"]);
    },
    otherwise: keepsItsRefusal,
  },
  {
    id: "D57",
    title: "the replay of a GET has every header line of the first time, the caller's own among them",
    async run({ connect }) {
      const seen: string[][] = [];
      await using server = await startLoopback(() => (request, response) => {
        seen.push(headerLines(request.rawHeaders));
        response.writeHead(seen.length === 1 ? 401 : 200).end();
      });
      let count = 0;
      const tokens = createTokenCache({ source: async () => ({ access_token: String((count += 1)) }) });
      const headers = { accept: "application/json", "X-Custom": "a, b", "x-empty": "" };

      expect((await connect(tokens, server.origin)({ headers })).status).toBe(200);

      const [first = [], second = []] = seen;
      expect(seen).toHaveLength(2);
      expect(first).toContain("x-custom: a, b");
      expect(second).toEqual(first.map((line) => line.replace("authorization: Bearer 1", "authorization: Bearer 2")));
    },
    otherwise: keepsItsRefusal,
  },
  {
    id: "D58",
    title: "a POST whose body is held by the client's own request object is sent whole again, with query, method and signal",
    async run({ connect }) {
      await using session = await startWireSession();
      await session.revoke();
      const body = "größer ".repeat(40_000);
      const { signal } = new AbortController();

      const outcome = await connect(session.tokens, session.wire.origin)({ method: "POST", path: "/upload?part=1", body, signal });

      expect(outcome.status).toBe(200);
      const [first, second] = session.wire.requests;
      expect(session.wire.requests).toHaveLength(2);
      expect(second?.body.toString()).toBe(body);
      expect([second?.method, second?.url, second?.bodySha256]).toEqual(["POST", "/upload?part=1", first?.bodySha256]);
      expect(second?.headers["content-length"]).toBe(first?.headers["content-length"]);
    },
    otherwise: keepsItsRefusal,
  },
  {
    id: "D59",
    title: "a body that can be read only once is not replayed: the caller gets the 401, and the next request has a fresh token",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, server, api, refreshes } = session;
      const send = connect(tokens, api.origin);
      server.revokeAccessToken((await tokens.get()).accessToken);

      expect((await send({ method: "POST", body: new Blob(["once"]).stream() })).status).toBe(401);

      expect(api.requests.map(({ bodyLength }) => bodyLength)).toEqual([4]);
      expect((await send({})).status).toBe(200);
      expect(refreshes()).toBe(1);
    },
    async otherwise({ connect }) {
      await using session = await startSession();
      const { tokens, server, api } = session;
      server.revokeAccessToken((await tokens.get()).accessToken);

      expect((await connect(tokens, api.origin)({ method: "POST", body: new Blob(["once"]).stream() })).status).toBe(200);

      expect(api.requests.map(({ bodyLength }) => bodyLength)).toEqual([4, 4]);
    },
  },
  {
    id: "D62",
    title: "the body of a discarded 401 is drained: refusals one after the other, and storms of them, do not go on opening connections",
    async run({ connect }) {
      await using session = await startWireSession();
      session.wire.answer = (request, response) => (request.isGood ? usual(request, response) : longRefusal(100_000));
      const send = connect(session.tokens, session.wire.origin);
      for (let round = 0; round < 10; round += 1) {
        await session.revoke();
        expect((await send({})).status).toBe(200);
      }
      // Some clients take turns with two for requests in a row, and on a busy machine a body may take too long to be worth the wait. Left
      // unread, each refusal would keep its connection from the next request: eleven.
      expect(session.wire.sockets).toBeLessThanOrEqual(5);

      for (let round = 0; round < 5; round += 1) {
        await session.revoke();
        const storm = await Promise.all(Array.from({ length: 20 }, () => send({ method: "POST", body: "order" })));
        expect(storm.filter(({ status }) => status !== 200)).toEqual([]);
      }
      // A replay may leave just before the connection of its refusal is free, so 20 requests may open two each, which later storms find
      // again; a few more on a busy machine, as above. Left unread, the refusals would keep 20 more with each storm: 130 in the end.
      expect(session.wire.sockets).toBeLessThanOrEqual(45);
    },
    otherwise: keepsItsRefusal,
  },
];
