import { buffer } from "node:stream/consumers";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import type { AxiosRequestConfig, AxiosResponse } from "axios";
import fetchCookie from "fetch-cookie";
import nodeFetch, { Request as NodeFetchRequest, Response as NodeFetchResponse } from "node-fetch";
import { fetch as undiciFetch } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { isFullRun } from "../setup/repetitions.ts";
import { startLoopback, type Loopback } from "../servers/loopback.ts";
import { copies, rejectionOf } from "./axios-under-test.ts";

const platform = globalThis.fetch;
afterEach(() => void (globalThis.fetch = platform));

function tokens(): TokenCache {
  let number = 0;
  return createTokenCache({ source: async () => ({ access_token: `secret-${(number += 1)}`, expires_in: 600 }) });
}

type Arrived = [server: string, method: string, url: string, authorization: string, cookie: string, body: string];

/** Redirects `/from` to wherever the test wants, and sets a cookie; `/between` leads back to `to`. Takes tokens from `secret-2` on where `isStrict`. */
async function startServer(name: string, arrived: Arrived[], status: number, to: () => string, isStrict = false): Promise<Loopback> {
  return startLoopback(() => async (request, response) => {
    const { method = "", url = "", headers } = request;
    const body = (await buffer(request)).toString();
    arrived.push([name, method, url, headers.authorization ?? "none", headers.cookie ?? "none", body]);
    if (isStrict && headers.authorization === "Bearer secret-1") return void response.writeHead(401).end("no");
    if (url !== "/from" && url !== "/between") return void response.end("there");
    response.writeHead(status, { location: to(), "set-cookie": "a=b" }).end("moved");
  });
}

type Shape = [name: string, config: () => AxiosRequestConfig, isGlobal?: boolean];

/** What is beneath axios's fetch adapter. From axios 1.12 on, `env` names it. */
const shapes: Shape[] = [
  ["the platform's own", () => ({})],
  ["the platform's own in env", () => ({ env: { fetch: platform } })],
  ["a function around it", () => ({ env: { fetch: (input, init) => platform(input, init) } })],
  ["a function that looks at the Request only", () => ({ env: { fetch: (input) => platform(input) } })],
  ["undici's, without Requests", () => ({ env: { fetch: undiciFetch, Request: null, Response: null } }) as never],
  ["node-fetch with its classes", () => ({ env: { fetch: nodeFetch, Request: NodeFetchRequest, Response: NodeFetchResponse } }) as never],
  ["node-fetch without Requests", () => ({ env: { fetch: nodeFetch, Request: null, Response: null } }) as never],
  [
    "node-fetch, called with the URL of a Request",
    () =>
      ({
        env: {
          fetch: (input: string | Request, init?: RequestInit) =>
            typeof input === "string"
              ? nodeFetch(input, init as never)
              : nodeFetch(input.url, (init ?? { headers: input.headers, method: input.method }) as never),
        },
      }) as never,
  ],
  ["one that keeps cookies", () => ({ env: { fetch: fetchCookie(platform) } })],
  ["one that keeps cookies, without Requests", () => ({ env: { fetch: fetchCookie(platform), Request: null, Response: null } }) as never],
  ["one that keeps cookies, as the global one", () => ((globalThis.fetch = fetchCookie(platform)), {}), true],
];

describe.each(copies)("%s", (name, copy) => {
  const readsEnv = !/1\.7|1\.8/.test(name);

  describe.each(shapes)("%s", (shape, configOf, isGlobal) => {
    const ways: [name: string, adapter: (config: AxiosRequestConfig) => AxiosRequestConfig][] = [
      ["by name", (config) => ({ ...config, adapter: "fetch" })],
      [
        "in a function",
        (config) => ({
          ...config,
          adapter: (given) => (copy.getAdapter as (name: string, config: object) => (config: object) => never)("fetch", given)(given),
        }),
      ],
    ];
    describe.each(ways)("%s", (way, withAdapter) => {
      const isFollowed = readsEnv || isGlobal !== true;
      const statuses = way === "by name" || isFullRun ? [301, 302, 303, 307, 308] : [302, 308];
      it.each(statuses)("%s: a redirect takes the token nowhere else, and is what it is without us", async (status) => {
        const arrived: Arrived[] = [];
        let to = "";
        await using other = await startServer("other", arrived, status, () => `${api.origin}/there`);
        await using api = await startServer("api", arrived, status, () => to);
        const localhost = api.origin.replace("127.0.0.1", "localhost");
        for (const target of [`${other.origin}/there`, `${localhost}/there`, `${other.origin}/between`, "/there", `${api.origin}/there`]) {
          for (const data of [undefined, "order"]) {
            to = target;
            const run = async (isAttached: boolean): Promise<unknown[]> => {
              arrived.length = 0;
              const config = withAdapter({ baseURL: api.origin, validateStatus: null, ...configOf() });
              const instance = copy.create(config as never);
              if (isAttached) attachBearer(instance, tokens());
              const headers = isAttached ? {} : { Authorization: "Bearer secret-1" };
              const method = data === undefined ? "get" : "post";
              const response = (await instance.request({ url: "/from", method, data, headers })) as AxiosResponse<string>;
              return [response.status, response.data];
            };
            // By themselves, node-fetch ends the process at some redirects of a body, and one that keeps cookies loses the method of a Request.
            const isComparable = data === undefined || !/node-fetch|cookies/.test(shape) || !isFollowed || !(readsEnv || isGlobal);
            const theirs = isComparable ? await run(false) : [200, "there"];
            const bare = arrived.map((one) => one.toSpliced(3, 1));
            const ours = await run(true);
            const hasToken = arrived.map(([server, , url, authorization]) => [server, url, authorization]);
            // After another origin it does not come back.
            const here =
              target.startsWith("/") || target.startsWith(api.origin) ? ["Bearer secret-1", "Bearer secret-1"] : ["Bearer secret-1"];
            expect(hasToken.map(([, , authorization]) => authorization).filter((one) => one !== "none")).toEqual(
              isFollowed ? here : ["Bearer secret-1"],
            );
            if (!isFollowed) {
              // The redirect is the caller's, unless the function follows it whatever the Request says, and then without the token.
              expect([200, status]).toContain(ours[0]);
              continue;
            }
            expect(ours).toEqual(theirs);
            if (!isComparable) {
              const isKept = status === 307 || status === 308;
              const [, method, , , , body] = arrived.at(-1) as Arrived;
              expect(method).toBe(isKept ? "POST" : "GET");
              // One that takes but the URL and some fields of a Request never had the body.
              if (!shape.includes("the URL")) expect(body).toBe(isKept ? "order" : "");
            } else if (shape.includes("cookies")) {
              // Without us it gives another port the cookies of this one.
              expect(arrived.map(([server, method, url]) => [server, method, url])).toEqual(
                bare.map(([server, method, url]) => [server, method, url]),
              );
            } else expect(arrived.map((one) => one.toSpliced(3, 1))).toEqual(bare);
          }
        }
      });

      it("a refused request is replayed with its body, also behind a redirect if its method is safe", async () => {
        const arrived: Arrived[] = [];
        await using api = await startServer("api", arrived, 302, () => "/there", true);
        const instance = copy.create(withAdapter({ baseURL: api.origin, ...configOf() }) as never);
        attachBearer(instance, tokens());
        const knows = readsEnv && !shape.includes("without Requests");
        if (knows) expect((await instance.post("/order", "order")).data).toBe("there");
        else expect((await rejectionOf(instance.post("/order", "order"))).response?.status).toBe(401);
        expect((await instance.get("/order")).data).toBe("there");
        const posts = arrived.filter(([, method]) => method === "POST");
        expect(posts.map(([, , , authorization]) => authorization)).toEqual(
          knows ? ["Bearer secret-1", "Bearer secret-2"] : ["Bearer secret-1"],
        );
      });
    });
  });
});
