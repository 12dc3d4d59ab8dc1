import { createTokenCache, memoryStore, toTokenResponse } from "@tokenflight/core";
import { expect } from "vitest";
import { axiosByHttp } from "../../clients/axios.ts";
import { startSession } from "../../end-to-end/session.ts";
import { startResourceApi } from "../../servers/resource-api.ts";
import type { Scenario } from "./scenario.ts";

/** A: which requests get a token, and which one. */
export const injecting: readonly Scenario[] = [
  {
    id: "A1",
    title: "a stored token that is valid is on the request, once, and no token is asked for",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, server, refreshes } = session;
      const { accessToken } = await tokens.get();

      expect((await connect(tokens, api.origin)({})).status).toBe(200);

      // The API answers 400 to a request with two Authorization headers.
      expect(api.requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${accessToken}`]);
      expect(refreshes()).toBe(0);
      expect(server.stats.tokensIssued).toBe(1);
    },
  },
  {
    id: "A2",
    title: "a token source that takes its time is waited for; nothing goes out without a token",
    async run({ connect }) {
      await using api = await startResourceApi({ isActive: (token) => token === "late" });
      const gate = Promise.withResolvers<void>();
      const tokens = createTokenCache({
        async source() {
          await gate.promise;
          return { access_token: "late", expires_in: 60 };
        },
      });

      const sent = connect(tokens, api.origin)({});
      gate.resolve();

      expect((await sent).status).toBe(200);
      expect(api.requests.map(({ authorization }) => authorization)).toEqual(["Bearer late"]);
    },
  },
  {
    id: "A3",
    title: "a token in a store that loads asynchronously is used by a request of the same tick; no token is asked for",
    async run({ connect }) {
      await using session = await startSession();
      const { api, tokens, server } = session;
      const store = memoryStore();
      const neverAsked = async (): Promise<never> => {
        throw new Error("The source was asked.");
      };
      const before = createTokenCache({ source: neverAsked, store, identity: "crm", key: "user" });
      await before.save(toTokenResponse(await tokens.get()));

      const sent = connect(createTokenCache({ source: neverAsked, store, identity: "crm", key: "user" }), api.origin)({});

      expect((await sent).status).toBe(200);
      expect(server.stats.tokensIssued).toBe(1);
    },
  },
  {
    id: "A8",
    title: "two clients with tokens of their own: the refresh of one neither holds up the other nor gives it a token",
    async run({ connect }) {
      await using session = await startSession();
      const { api, tokens } = session;
      const gate = Promise.withResolvers<void>();
      const slow = createTokenCache({
        async source() {
          await gate.promise;
          return { access_token: "another's", expires_in: 60 };
        },
      });
      const { accessToken } = await tokens.get();

      const waiting = connect(slow, api.origin)({ path: "/slow" });
      expect((await connect(tokens, api.origin)({ path: "/own" })).status).toBe(200);
      gate.resolve();
      await waiting;

      const own = api.requests.filter(({ url }) => url === "/own").map(({ authorization }) => authorization);
      expect(own).toEqual([`Bearer ${accessToken}`]);
    },
  },
  {
    id: "A9",
    title: "two clients of different kinds on the same tokens that are refused at once: one refresh of the one-use refresh token",
    async run({ connect }) {
      await using session = await startSession();
      const { api, tokens, server, refreshes } = session;
      const [one, other] = [connect(tokens, api.origin), axiosByHttp.connect(tokens, api.origin)];
      server.revokeAccessToken((await tokens.get()).accessToken);

      const outcomes = await Promise.all([one({}), other({}), one({}), other({})]);

      expect(outcomes.map(({ status }) => status)).not.toContain(500);
      expect(refreshes()).toBe(1);
      expect(server.stats.refreshTokenReuses).toBe(0);
      expect((await one({})).status).toBe(200);
    },
  },
  {
    id: "A11",
    title:
      "neither a redirect nor any spelling of a URL takes the token to another origin; the 401 there neither refreshes nor repeats the request",
    async run({ connect }) {
      await using session = await startSession();
      await using elsewhere = await startResourceApi({ isActive: () => true });
      const { tokens, api, refreshes } = session;
      const send = connect(tokens, api.origin);

      for (const status of [301, 302, 303, 307, 308]) {
        await send({ path: `/redirect?status=${status}&to=${encodeURIComponent(`${elsewhere.origin}/there`)}` });
      }

      expect(elsewhere.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["none", "none", "none", "none", "none"]);
      expect(api.requests).toHaveLength(5);

      // Some clients refuse some spellings: what matters is what arrives.
      for (const path of spellingsOf(elsewhere.origin, api.origin)) await send({ path }).catch(() => {});

      expect(elsewhere.requests.length).toBeGreaterThan(9);
      expect(elsewhere.requests.filter(({ authorizationKind }) => authorizationKind === "bearer")).toEqual([]);
      expect(refreshes()).toBe(0);
    },
  },
  {
    id: "A12",
    title: "a request that opts out in the client's own idiom has no token, and its 401 refreshes nothing",
    async run({ withoutToken }) {
      await using session = await startSession();
      const { tokens, api, refreshes } = session;

      expect((await withoutToken(tokens, api.origin)({})).status).toBe(401);

      expect(api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["none"]);
      expect(refreshes()).toBe(0);
    },
  },
  {
    id: "A13",
    title: "an Authorization of the caller's own, in any letter case, wins, and a 401 to it refreshes nothing",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, refreshes } = session;
      const send = connect(tokens, api.origin);

      for (const name of ["authorization", "Authorization", "AUTHORIZATION"]) {
        expect((await send({ headers: { [name]: "Bearer mine" } })).status).toBe(401);
      }

      expect(api.requests.map(({ authorization }) => authorization)).toEqual(["Bearer mine", "Bearer mine", "Bearer mine"]);
      expect(refreshes()).toBe(0);
    },
  },
  {
    id: "A14",
    title: "credentials in the URL win: no token is added, and their 401 refreshes nothing",
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, refreshes } = session;

      // fetch refuses such a URL, and sends nothing.
      await connect(tokens, api.origin)({ path: withCredentials(api.origin) }).catch(() => {});

      expect(api.requests.filter(({ authorizationKind }) => authorizationKind === "bearer")).toEqual([]);
      expect(refreshes()).toBe(0);
    },
    async otherwise({ connect }) {
      await using session = await startSession();
      const { tokens, api } = session;

      expect((await connect(tokens, api.origin)({ path: withCredentials(api.origin) })).status).toBe(200);

      expect(api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["bearer"]);
    },
  },
];

const withCredentials = (origin: string): string => `${origin.replace("//", "//user:password@")}/`;

/** URLs of one origin, some of which look as if they were another's. */
function spellingsOf(origin: string, other: string): string[] {
  const { port } = new URL(origin);
  const { host } = new URL(other);
  return [
    `${origin}/absolute`,
    `//127.0.0.1:${port}/no-scheme`,
    `HTTP://127.0.0.1:${port}/upper-case`,
    `http://2130706433:${port}/number`,
    `http://0x7f.1:${port}/hexadecimal`,
    `http://127.1:${port}/short`,
    `http://localhost:${port}/name`,
    `http:\\\\127.0.0.1:${port}\\backslashes`,
    `http://${host}@127.0.0.1:${port}/userinfo`,
    `http://127.0.0.1:${port}/?${other}/`,
    `http://127.0.0.1:${port}/#${other}/`,
  ];
}
