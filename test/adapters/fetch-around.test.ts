import { buffer } from "node:stream/consumers";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";
import { bearer as kyBearer } from "@tokenflight/ky";
import { Octokit } from "@octokit/core";
import { Gaxios } from "gaxios";
import { GraphQLClient } from "graphql-request";
import ky, { type Input, type Options } from "ky";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import nock from "nock";
import { ofetch } from "ofetch";
import OpenAI from "openai";
import createClient from "openapi-fetch";
import { Stripe } from "stripe";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";

type Fetch = typeof globalThis.fetch;

/** What arrived, without the fields that differ each time. */
interface Arrived {
  readonly credentials: string;
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** An API that takes "token-2" only, in either of two fields, and answers the statuses that it is given first. */
async function startApi(arrived: Arrived[], answers: (number | string)[] = [], takesAll = false): Promise<Loopback> {
  return startLoopback(() => async (request, response) => {
    const { method = "", url = "", headers } = request;
    const credentials = headers.authorization ?? "none";
    arrived.push({ credentials, method, url, body: (await buffer(request)).toString() });
    const answer = takesAll || credentials === "Bearer token-2" ? (answers.shift() ?? 200) : 401;
    const [status, location] = typeof answer === "string" ? [307, { location: answer }] : [answer, {}];
    response.writeHead(status, { "content-type": "application/json", "retry-after-ms": "1", ...location });
    response.end(JSON.stringify({ ok: true, id: "1", data: { ok: true }, ...(status < 400 ? {} : { error: { message: "no" } }) }));
  });
}

function numberedTokens(): TokenCache {
  let number = 0;
  return createTokenCache({ source: async () => ({ access_token: `token-${(number += 1)}`, expires_in: 600 }) });
}

/** A library of which every call goes through a fetch function. */
interface Library {
  /** The value of `Authorization` with which it sends what has to be given as its key. */
  readonly placeholder?: string;
  /** A client of the API at this origin. It creates an order. */
  readonly connect: (origin: string, fetch: Fetch) => () => Promise<unknown>;
}

const message = { role: "user", content: "order" } as const;

const libraries: Record<string, Library> = {
  "openapi-fetch": {
    connect(origin, fetch) {
      interface Paths {
        "/orders": {
          post: {
            requestBody: { content: { "application/json": { order: number } } };
            responses: {
              200: { content: { "application/json": { ok: boolean } } };
              default: { content: { "application/json": { error: object } } };
            };
          };
        };
      }
      const client = createClient<Paths>({ baseUrl: origin, fetch });
      return async () => {
        const { data, error, response } = await client.POST("/orders", { body: { order: 1 } });
        if (error !== undefined) throw Object.assign(new Error("No order."), { status: response.status });
        return data;
      };
    },
  },
  ofetch: {
    connect(origin, fetch) {
      const api = ofetch.create({ baseURL: origin, retry: 1, retryDelay: 1 }, { fetch, Headers, AbortController } as never);
      return () => api("/orders", { method: "POST", body: { order: 1 } });
    },
  },
  "graphql-request": {
    connect(origin, fetch) {
      const client = new GraphQLClient(`${origin}/graphql`, { fetch });
      return () => client.request("mutation { order { ok } }");
    },
  },
  openai: {
    placeholder: "Bearer tokenflight",
    connect(baseURL, fetch) {
      const client = new OpenAI({ apiKey: "tokenflight", baseURL, fetch });
      return () => client.chat.completions.create({ model: "any", messages: [message] });
    },
  },
  stripe: {
    placeholder: "Bearer sk_test_tokenflight",
    connect(origin, fetch) {
      const { hostname: host, port } = new URL(origin);
      const httpClient = Stripe.createFetchHttpClient(fetch);
      const stripe = new Stripe("sk_test_tokenflight", {
        host,
        port,
        protocol: "http",
        httpClient,
        telemetry: false,
        maxNetworkRetries: 1,
      });
      return () => stripe.customers.create({ name: "Zoë" });
    },
  },
  "Octokit without credentials": {
    connect(baseUrl, fetch) {
      const octokit = new Octokit({ baseUrl, request: { fetch } });
      return async () => (await octokit.request("POST /orders", { order: 1 })).data;
    },
  },
  "Octokit with a placeholder": {
    placeholder: "token tokenflight",
    connect(baseUrl, fetch) {
      const octokit = new Octokit({ baseUrl, auth: "tokenflight", request: { fetch } });
      return async () => (await octokit.request("POST /orders", { order: 1 })).data;
    },
  },
  gaxios: {
    connect(baseURL, fetchImplementation) {
      const api = new Gaxios({ baseURL, fetchImplementation: fetchImplementation as never, retry: true });
      return async () => (await api.request<unknown>({ url: "/orders", method: "POST", data: { order: 1 } })).data;
    },
  },
};

/** The fetch functions of ours that a library may be given. */
const functions: [string, (tokens: TokenCache | undefined, origins: string, placeholder?: string) => Fetch][] = [
  [
    "fetch",
    (tokens, origins, placeholder) =>
      tokens === undefined ? globalThis.fetch : bearer(tokens, { origins, ...(placeholder === undefined ? {} : { placeholder }) })(fetch),
  ],
  [
    "ky",
    (tokens, origins, placeholder) => {
      const plain = ky.create({ retry: 0, throwHttpErrors: false, timeout: false });
      const more = placeholder === undefined ? {} : { placeholder };
      const api = tokens === undefined ? plain : plain.extend(kyBearer(tokens, { origins, ...more }));
      // gaxios puts all of its options into `init`, and one of them is ky's, too.
      return async (input, init) => api(input as Input, { ...init, retry: 0 } as Options);
    },
  ],
];

/** What a call comes to, but for the port. */
async function outcomeOf(call: () => Promise<unknown>): Promise<unknown> {
  const [outcome] = await Promise.allSettled([call()]);
  if (outcome.status === "fulfilled") return { value: outcome.value };
  const { constructor, name, message: text, status, code } = outcome.reason as Error & { status?: unknown; code?: unknown };
  return { class: constructor.name, name, text: text.replaceAll(/127\.0\.0\.1:\d+/g, "api"), status, code };
}

describe.each(functions)("over %s", (_name, attach) => {
  describe.each(Object.entries(libraries))("%s", (_library, { placeholder, connect }) => {
    it("gets a token, and is replayed with a new one when it is refused", async () => {
      const arrived: Arrived[] = [];
      await using api = await startApi(arrived);
      const order = connect(api.origin, attach(numberedTokens(), api.origin, placeholder));

      expect(await order()).toMatchObject({ ok: true });

      expect(arrived.map(({ credentials }) => credentials)).toEqual(["Bearer token-1", "Bearer token-2"]);
      const [first, second] = arrived;
      expect(second).toEqual({ ...first, credentials: "Bearer token-2" });
      expect([first?.method, first?.body.length]).toEqual(["POST", expect.toSatisfy((length: number) => length > 8)]);
    });

    it("takes no token elsewhere, and none elsewhere behind a redirect", async () => {
      const [arrived, elsewhere]: [Arrived[], Arrived[]] = [[], []];
      await using other = await startApi(elsewhere, [], true);
      await using api = await startApi(arrived, [`${other.origin}/moved`]);
      const fetch = attach(numberedTokens(), api.origin, placeholder);

      await connect(other.origin, fetch)();
      await connect(api.origin, fetch)();

      // There, its own credentials are what it says: a placeholder goes along, and stays behind at a redirect, as it does without us.
      expect(elsewhere.map(({ credentials }) => credentials)).toEqual([placeholder ?? "none", "none"]);
      expect(arrived.map(({ credentials }) => credentials)).toEqual(["Bearer token-1", "Bearer token-2"]);
    });

    it.each([400, 403, 404, 429, 500, 503])("fails, or tries again, after %d as without us", async (status) => {
      const outcomes: unknown[] = [];
      const counts: number[] = [];
      for (const isAttached of [false, true]) {
        const arrived: Arrived[] = [];
        await using api = await startApi(
          arrived,
          Array.from({ length: 8 }, () => status),
          true,
        );
        const order = connect(api.origin, attach(isAttached ? numberedTokens() : undefined, api.origin, placeholder));
        outcomes.push(await outcomeOf(order));
        counts.push(arrived.length);
        expect(new Set(arrived.map(({ credentials }) => credentials))).toEqual(
          new Set([isAttached ? "Bearer token-1" : (placeholder ?? "none")]),
        );
      }
      expect(outcomes[1]).toEqual(outcomes[0]);
      expect(counts[1]).toBe(counts[0]);
    });

    it("has the refusal in an error of its own when the new token is refused, too", async () => {
      const outcomes: unknown[] = [];
      for (const isAttached of [false, true]) {
        const arrived: Arrived[] = [];
        await using api = await startApi(
          arrived,
          Array.from({ length: 8 }, () => 401),
          true,
        );
        const order = connect(api.origin, attach(isAttached ? numberedTokens() : undefined, api.origin, placeholder));
        outcomes.push(await outcomeOf(order));
        expect(arrived).toHaveLength(isAttached ? 2 : 1);
      }
      expect(outcomes[1]).toEqual(outcomes[0]);
      expect(JSON.stringify(outcomes)).not.toContain("token-");
    });
  });
});

/** Mocks come before the tokens or after them. */
const orders = ["before", "after"] as const;
const shop = "https://api.example.com";

describe.each(functions)("beneath %s", (_name, attach) => {
  describe("nock", () => {
    beforeEach(() => void nock.restore());
    afterEach(() => (nock.cleanAll(), nock.restore()));

    it.each(orders)("activated %s the tokens are attached: it matches the token, and is replayed", async (when) => {
      if (when === "before") nock.activate();
      const fetch = attach(numberedTokens(), shop);
      if (when === "after") nock.activate();
      const api = nock(shop);
      api.post("/orders", { order: 1 }).matchHeader("Authorization", "Bearer token-1").reply(401);
      api.post("/orders", { order: 1 }).matchHeader("authorization", "Bearer token-2").reply(200, { ok: true });
      const elsewhere = nock("https://elsewhere.example.com", { badheaders: ["authorization"] })
        .get("/")
        .reply(200, {});

      const response = await fetch(`${shop}/orders`, {
        method: "POST",
        body: '{"order":1}',
        headers: { "content-type": "application/json" },
      });
      expect(await response.json()).toEqual({ ok: true });
      expect((await fetch("https://elsewhere.example.com/")).status).toBe(200);

      expect([api.isDone(), elsewhere.isDone()]).toEqual([true, true]);
    });
  });

  describe("msw", () => {
    it.each(orders)("listening %s the tokens are attached: its handlers see the token, and are asked again", async (when) => {
      const seen: string[][] = [];
      const handle = async ({ request }: { request: Request }): Promise<Response> => {
        const authorization = request.headers.get("authorization") ?? "none";
        seen.push([authorization, await request.text()]);
        return authorization === "Bearer token-1" ? HttpResponse.json({}, { status: 401 }) : HttpResponse.json({ ok: true });
      };
      const server = setupServer(http.post(`${shop}/orders`, handle), http.get("https://elsewhere.example.com/", handle));
      if (when === "before") server.listen();
      const fetch = attach(numberedTokens(), shop);
      if (when === "after") server.listen();
      try {
        expect(await (await fetch(`${shop}/orders`, { method: "POST", body: "order" })).json()).toEqual({ ok: true });
        await fetch("https://elsewhere.example.com/");
        expect(seen).toEqual([
          ["Bearer token-1", "order"],
          ["Bearer token-2", "order"],
          ["none", ""],
        ]);
      } finally {
        server.close();
      }
    });
  });
});
