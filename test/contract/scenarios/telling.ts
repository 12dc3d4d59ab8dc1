import { createTokenCache, LoginRequiredError, toTokenResponse, type AdapterEvent, type TokenCache } from "@tokenflight/core";
import { expect } from "vitest";
import { tokenErrorIn, type Send } from "../../clients/client-under-test.ts";
import { startSession } from "../../end-to-end/session.ts";
import { jsonAnswer } from "../../servers/answer.ts";
import { beforeUse } from "../../servers/token-endpoint-faults.ts";
import { challenges } from "../challenges.ts";
import { countingTokens, refusing, startRecordingApi } from "./recording-api.ts";
import type { Scenario } from "./scenario.ts";

const apiKey = ({ accessToken }: { accessToken: string }): Record<string, string> => ({ "x-api-key": accessToken });
const challengePath = (index: number): string => `/challenge/${index}`;

/** Who answers a request with each challenge of the table, to the token "1" and to no other. */
const challenging = (): ReturnType<typeof startRecordingApi> =>
  startRecordingApi(({ url, headers }, response) => {
    const { challenge } = challenges[Number(url.split("/").at(-1))] ?? {};
    if (headers.authorization !== "Bearer 1") response.writeHead(200).end();
    else response.writeHead(401, challenge === undefined ? {} : { "www-authenticate": challenge }).end();
  });

const own = (reason: string, origin: string): AdapterEvent => ({ type: "request-without-token", origin, reason: reason as "origin" });

const kept = (reason: string, origin: string): AdapterEvent => ({ type: "request-not-replayed", origin, reason: reason as "body" });

/** A cache that has the token "1" and can get no other. */
async function lastOne(): Promise<TokenCache> {
  let isFirst = true;
  const tokens = createTokenCache({
    async source() {
      if (!isFirst) throw new Error("There is no other token.");
      isFirst = false;
      return { access_token: "1", expires_in: 3600 };
    },
  });
  await tokens.get();
  return tokens;
}

/** I, of the field's faults: what counts as a refusal, whose credentials count, and what is said. Ids are the lines of the list of faults. */
export const telling: readonly Scenario[] = [
  {
    id: "C45",
    title:
      "a 401 is about the token whatever scheme it names (field line 117), unless a challenge says that another token is no use: see the table",
    async run({ connect }) {
      await using api = await challenging();
      for (const [index, { about, renews }] of challenges.entries()) {
        const tokens = countingTokens();
        await tokens.get();
        api.arrivals.length = 0;

        const { status } = await connect(tokens, api.origin)({ path: challengePath(index) });

        const seen = [status, api.arrivals.length, tokens.obtained()];
        expect(seen, about).toEqual(renews ? [200, 2, 2] : [401, 1, 1]);
      }
    },
    async otherwise({ connect }) {
      await using api = await challenging();
      for (const [index, { about, renews }] of challenges.entries()) {
        const tokens = countingTokens();
        await tokens.get();
        api.arrivals.length = 0;

        expect((await connect(tokens, api.origin)({ path: challengePath(index) })).status).toBe(401);

        await expect.poll(() => tokens.obtained(), { message: about }).toBe(renews ? 2 : 1);
        expect(api.arrivals).toHaveLength(1);
      }
    },
  },
  {
    id: "I125",
    title: "with a scheme of a field of its own, the caller's own field of that name wins, in any spelling, and its 401 refreshes nothing",
    async run({ connect }) {
      await using api = await startRecordingApi((_arrival, response) => response.writeHead(401).end());
      for (const scheme of [apiKey, Object.assign(apiKey.bind(undefined), { fields: ["X-Api-Key"] })]) {
        const tokens = countingTokens();
        await tokens.get();
        const send = connect(tokens, api.origin, { scheme, replay: "never" });
        for (const name of ["x-api-key", "X-Api-Key", "X-API-KEY"]) {
          api.arrivals.length = 0;
          expect((await send({ headers: { [name]: "mine" } })).status).toBe(401);
          const [arrival] = api.arrivals;
          const values = arrival?.rawHeaders.filter((_, index, all) => index % 2 === 1 && /^x-api-key$/i.test(all[index - 1] ?? ""));
          expect(values, name).toEqual(["mine"]);
          expect(arrival?.headers.authorization).toBeUndefined();
        }
        expect(tokens.obtained()).toBe(1);
        // A field that the scheme does not set is no credential: it goes beside the token.
        await send({ headers: { authorization: "Basic other" } });
        expect(api.arrivals.at(-1)?.headers).toMatchObject({ authorization: "Basic other", "x-api-key": "1" });
      }
    },
  },
  {
    id: "I126",
    title:
      "observe is told once of requests without a token, with origin and reason, of each replay with how it ended, and why there was none",
    async run({ connect }) {
      await using api = await startRecordingApi(refusing("1"));
      await using other = await startRecordingApi(refusing());
      const events: AdapterEvent[] = [];
      const observe = (event: AdapterEvent): void => void events.push(event);
      const tokens = countingTokens();
      await tokens.get();

      const send = connect(tokens, api.origin, { observe });
      for (const path of ["/first", "/second"]) {
        await send({ path: other.origin + path });
        await send({ path, headers: { authorization: "Bearer mine" } });
      }
      expect(events).toEqual([own("origin", other.origin), own("own-credentials", api.origin)]);

      events.length = 0;
      await send({});
      const accepted = { type: "request-replayed", origin: api.origin, outcome: "accepted" };
      expect(events).toEqual([accepted]);

      events.length = 0;
      const stubborn = countingTokens();
      await stubborn.get();
      const streamed = new ReadableStream<Uint8Array>({ start: (pieces) => (pieces.enqueue(new Uint8Array(1)), pieces.close()) });
      await connect(stubborn, api.origin, { observe })({ method: "POST", body: streamed });
      // A stream that is in a Request of the caller's can be cloned.
      expect([kept("body", api.origin), accepted]).toContainEqual(events.shift());
      await connect(await lastOne(), api.origin, { observe, replay: "never" })({});
      await connect(await lastOne(), api.origin, { observe })({});
      expect(events).toEqual([kept("never", api.origin), kept("no-other-token", api.origin)]);

      events.length = 0;
      const nobody = connect(() => undefined, api.origin, { observe });
      await nobody({});
      await nobody({});
      expect(events).toEqual([own("no-cache", api.origin)]);
      expect(JSON.stringify(events)).not.toMatch(/Bearer|first|second/);
    },
    async otherwise({ connect }) {
      await using api = await startRecordingApi(refusing("1"));
      await using other = await startRecordingApi(refusing());
      const events: AdapterEvent[] = [];
      const tokens = countingTokens();
      await tokens.get();
      const send = connect(tokens, api.origin, { observe: (event) => void events.push(event) });
      for (let turn = 0; turn < 2; turn += 1) {
        await send({ path: `${other.origin}/x` });
        await send({ headers: { authorization: "Bearer mine" } });
      }
      await send({});
      await expect
        .poll(() => events)
        .toEqual([own("origin", other.origin), own("own-credentials", api.origin), kept("stream", api.origin)]);
    },
  },
  {
    id: "I127",
    title: 'with loggedOut: "send" a request of nobody goes without a token, and none does while there is a login, be its refresh failing',
    async run({ connect }) {
      await using session = await startSession();
      const { tokens, api, server } = session;
      const kept = toTokenResponse(await tokens.get());
      const events: AdapterEvent[] = [];
      const send = connect(tokens, api.origin, { loggedOut: "send", observe: (event) => void events.push(event) });
      const rejects = connect(tokens, api.origin);
      const failure = async (call: Send): Promise<string | undefined> =>
        tokenErrorIn(await call({}).catch((error: unknown) => error))?.code;

      await tokens.forget();
      expect([(await send({})).status, (await send({})).status]).toEqual([401, 401]);
      expect(api.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["none", "none"]);
      expect(events).toEqual([own("logged-out", api.origin)]);
      expect(await failure(rejects)).toBe("ERR_LOGIN_REQUIRED");

      // A login whose access token is over and whose refresh fails is a login.
      api.reset();
      await tokens.save({ ...kept, expires_at: Date.now() / 1000 - 1 });
      // Nobody waits that long, here or in the cache.
      server.faults.always(beforeUse(jsonAnswer(503, { error: "temporarily_unavailable" }, { "retry-after": "600" })));
      expect(await failure(send)).toMatch(/^ERR_TOKEN_REQUEST_/);
      expect(api.requests).toEqual([]);
    },
  },
  {
    id: "I128",
    title: "a placeholder counts as no credential: exactly that is taken off where the token is put on, and stays everywhere else",
    async run({ connect }) {
      await using api = await startRecordingApi(refusing());
      await using other = await startRecordingApi(refusing());
      const tokens = countingTokens();
      await tokens.get();
      const ofValue = connect(tokens, api.origin, { placeholder: "Bearer tokenflight" });
      const ofFields = connect(tokens, api.origin, { placeholder: { "X-Api-Key": "tokenflight" } });
      const seen = async (send: Send, headers: Record<string, string>, path = "/"): Promise<unknown[]> => {
        api.arrivals.length = other.arrivals.length = 0;
        await send({ path, headers });
        return [...api.arrivals, ...other.arrivals].map((arrival) => [arrival.headers.authorization, arrival.headers["x-api-key"]]);
      };

      for (const name of ["authorization", "Authorization"]) {
        expect(await seen(ofValue, { [name]: "Bearer tokenflight" })).toEqual([["Bearer 1", undefined]]);
        expect(await seen(ofValue, { [name]: "Bearer tokenflight2" })).toEqual([["Bearer tokenflight2", undefined]]);
        const elsewhere = await seen(ofValue, { [name]: "Bearer tokenflight" }, `${other.origin}/`);
        expect(elsewhere).toEqual([["Bearer tokenflight", undefined]]);
      }
      for (const name of ["x-api-key", "X-API-Key"]) {
        expect(await seen(ofFields, { [name]: "tokenflight" })).toEqual([["Bearer 1", undefined]]);
        expect(await seen(ofFields, { [name]: "mine" })).toEqual([["Bearer 1", "mine"]]);
        expect(await seen(ofFields, { [name]: "tokenflight" }, `${other.origin}/`)).toEqual([[undefined, "tokenflight"]]);
      }
    },
  },
  {
    id: "I129",
    title:
      "a selector may give a promise: of a token cache, of none, or one that rejects, and a caller who leaves meanwhile leaves at once",
    async run({ connect }) {
      await using api = await startRecordingApi(refusing("1"));
      const tokens = countingTokens();
      const later = async <Value>(value: Value): Promise<Value> => {
        await new Promise((resolve) => setImmediate(resolve));
        return value;
      };

      const send = connect(() => later(tokens), api.origin);
      await send({ method: "POST", body: "order" });
      expect((await send({ method: "POST", body: "order" })).status).toBe(200);
      expect(api.arrivals.map(({ body, headers }) => [body, headers.authorization]).at(-1)).toEqual(["order", "Bearer 2"]);

      api.arrivals.length = 0;
      expect((await connect(() => later(undefined), api.origin)({})).status).toBe(200);
      expect(api.arrivals.map(({ headers }) => headers.authorization)).toEqual([undefined]);

      api.arrivals.length = 0;
      const failing = connect(() => Promise.reject(new LoginRequiredError("No session.")), api.origin);
      expect(tokenErrorIn(await failing({}).catch((error: unknown) => error))?.code).toBe("ERR_LOGIN_REQUIRED");
      const abort = new AbortController();
      const waiting = connect(() => new Promise(() => {}), api.origin)({ signal: abort.signal }).catch((error: unknown) => error);
      await new Promise((resolve) => setImmediate(resolve));
      abort.abort();
      expect(await waiting).toBeInstanceOf(Error);
      expect(api.arrivals).toEqual([]);
    },
  },
];
