import { createTokenCache, InvalidOptionError, type AdapterEvent, type TokenCache } from "@tokenflight/core";
import { expect } from "vitest";
import type { Hook } from "../../clients/client-under-test.ts";
import { startSession } from "../../end-to-end/session.ts";
import { nameThisMachine } from "../../setup/host-name.ts";
import type { Scenario } from "./scenario.ts";

/** Two hooks that write down what they are told, and the place where they do. */
function writing(): { hooks: readonly [Hook, Hook]; told: string[] } {
  const told: string[] = [];
  return { hooks: [(event) => void told.push(`one: ${event}`), (event) => void told.push(`two: ${event}`)], told };
}

/** A: what attaching tokens to a client does to the client. */
export const attaching: readonly Scenario[] = [
  {
    id: "A5",
    title: "the caller's hooks from before and after keep their order, and see one request and one response, whatever was refused",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, server } = session;
      const [theirs, ours] = [writing(), writing()];
      await connect(undefined, api.origin, {}, { hooks: theirs.hooks })({});
      const send = connect(tokens, api.origin, {}, { hooks: ours.hooks });
      server.revokeAccessToken((await tokens.get()).accessToken);

      for (let turn = 0; turn < 2; turn += 1) {
        ours.told.length = 0;
        expect((await send({})).status).toBe(200);

        expect(theirs.told.length).toBeGreaterThan(3);
        expect(ours.told).toEqual(theirs.told.map((line) => line.replace("401", "200")));
      }
    },
    async otherwise({ connect }) {
      await using session = await startSession();
      const { tokens, api } = session;
      const [theirs, ours] = [writing(), writing()];
      await connect(undefined, api.origin, {}, { hooks: theirs.hooks })({});

      expect((await connect(tokens, api.origin, {}, { hooks: ours.hooks })({})).status).toBe(200);

      expect(ours.told).toEqual(theirs.told);
    },
  },
  {
    id: "A6",
    title: "without a token source there is no token cache, and without a token cache nothing is attached: an error at once that says so",
    async run({ connect }) {
      for (const nothing of [null, {}, "token"] as unknown[] as TokenCache[]) {
        const attach = (): unknown => connect(nothing, "https://api.example.com");
        expect(attach).toThrow(InvalidOptionError);
        expect(attach).toThrow(/^tokens: expected a token cache, or a function of the request that gives one, got /);
      }
      expect(() => createTokenCache({} as never)).toThrow("source: expected a function, got nothing.");
    },
  },
  {
    id: "A7",
    title: "after detaching, in the client's own idiom, no header is added and nothing is refreshed",
    async run({ detached }) {
      await using session = await startSession();
      const { tokens, api, server, refreshes } = session;
      const send = await detached(tokens, api.origin);
      server.revokeAccessToken((await tokens.get()).accessToken);
      api.reset();

      expect((await send({})).status).toBe(401);

      expect(api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["none"]);
      expect(refreshes()).toBe(0);
    },
  },
  {
    id: "A10",
    title: "an API that is reached over plain http, and not on this machine, gets no token: an error before anything is sent",
    async run({ connect }) {
      const tokens = createTokenCache({ source: async () => ({ access_token: "token" }) });
      for (const origin of ["http://api.example.com", "http://192.168.0.1:8080", "http://localhost.example.com"]) {
        expect(() => connect(tokens, origin)).toThrow("origins: expected https origins, or http to this machine");
      }
    },
  },
  {
    id: "A108",
    title:
      "plain http to a name that allowInsecureOrigins lists (field line 108): the token goes there, and only there, and observe is told once",
    async run({ connect }) {
      await using session = await startSession();
      using _name = nameThisMachine("orders.internal");
      const { tokens, api } = session;
      const origin = api.origin.replace("127.0.0.1", "orders.internal");
      const events: AdapterEvent[] = [];
      const observe = (event: AdapterEvent): void => {
        events.push(event);
        throw new Error("A broken log line breaks no request.");
      };

      const send = connect(tokens, origin, { allowInsecureOrigins: [origin, "http://elsewhere.internal"], observe });
      expect([(await send({})).status, (await send({})).status]).toEqual([200, 200]);
      expect(events).toEqual([{ type: "insecure-origin", origin }]);

      // What is listed is permitted, and is no origin of the token's until it is named as one.
      const other = connect(tokens, api.origin, { origins: api.origin, allowInsecureOrigins: [origin] });
      expect([(await other({})).status, (await other({ path: `${origin}/` })).status]).toEqual([200, 401]);
      // A path that was asked for does not matter, and neither does another spelling of the origin.
      expect((await connect(tokens, origin, { allowInsecureOrigins: [`${origin.toUpperCase()}/`] })({})).status).toBe(200);
      expect(api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["bearer", "bearer", "bearer", "none", "bearer"]);
    },
  },
  {
    id: "A109",
    title: "allowInsecureOrigins takes exact http origins and nothing else (field line 108): an error before anything is sent",
    async run({ connect }) {
      const tokens = createTokenCache({ source: async () => ({ access_token: "token" }) });
      const attach = (allowInsecureOrigins: unknown): (() => unknown) => {
        return () => connect(tokens, "http://orders:8080", { allowInsecureOrigins: allowInsecureOrigins as string[] });
      };
      expect(attach(["http://orders:8080"])).not.toThrow();
      for (const near of ["http://orders:8081", "http://orders", "http://orders.example.com:8080", "http://orders.:8080"]) {
        expect(attach([near])).toThrow("origins: expected https origins, or http to this machine");
      }
      const wrong = [
        "https://orders:8080",
        "http://orders:8080/v1",
        "http://*:8080",
        "http://u:p@orders:8080",
        "orders:8080",
        "ws://orders:8080",
        5,
      ];
      for (const one of wrong) expect(attach([one])).toThrow("allowInsecureOrigins: expected ");
      for (const list of ["http://orders:8080", true, {}])
        expect(attach(list)).toThrow("allowInsecureOrigins: expected an array of http origins");
    },
  },
];
