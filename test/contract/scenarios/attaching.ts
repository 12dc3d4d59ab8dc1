import { createTokenCache, InvalidOptionError, type TokenCache } from "@tokenflight/core";
import { expect } from "vitest";
import type { Hook } from "../../clients/client-under-test.ts";
import { startSession } from "../../end-to-end/session.ts";
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
];
