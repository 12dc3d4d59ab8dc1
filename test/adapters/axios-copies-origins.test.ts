import { Agent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import type { AxiosRequestConfig } from "axios";
import { describe, expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";
import { copies } from "./axios-under-test.ts";

const require = createRequire(import.meta.url);
/** What axios follows redirects with. */
const followRedirects = createRequire(require.resolve("axios"))("follow-redirects") as { readonly http: object; readonly https: object };

function tokens(): TokenCache {
  return createTokenCache({ source: async () => ({ access_token: "secret-1", expires_in: 600 }) });
}

/** Agents that connect to a server whatever host and port a URL names, and speak plain HTTP with it for https, too. */
function agentsTo({ origin }: Loopback): Pick<AxiosRequestConfig, "httpAgent" | "httpsAgent" | "proxy"> {
  const createConnection = () => connect(Number(new URL(origin).port), "127.0.0.1");
  return {
    httpAgent: Object.assign(new Agent(), { createConnection }),
    httpsAgent: Object.assign(new SecureAgent(), { createConnection }),
    proxy: false,
  };
}

describe.each(copies)("%s", (_name, copy) => {
  const flags: unknown[] = [undefined, true, false, 0, "", null];

  describe.each(["http", "fetch"])("%s", (adapter) => {
    it.each(flags)("allowAbsoluteUrls %j: the token goes where this copy really sends, and only if that is allowed", async (flag) => {
      const arrived: [name: string, hasToken: boolean][] = [];
      const start = async (name: string): Promise<Loopback> =>
        startLoopback(() => (request, response) => {
          arrived.push([name, request.headers.authorization !== undefined]);
          response.end();
        });
      await using allowed = await start("allowed");
      await using other = await start("other");
      for (const [baseURL, url] of [
        [allowed.origin, `${other.origin}/x`],
        [other.origin, `${allowed.origin}/x`],
        [allowed.origin, `${allowed.origin}/x`],
        [other.origin, `//${allowed.origin.slice(5)}/x`],
      ]) {
        const config = { baseURL, adapter, allowAbsoluteUrls: flag, validateStatus: null } as AxiosRequestConfig;
        const bare = copy.create(config as never);
        await bare.get(url as string).catch(() => {});
        const expected = arrived.map(([name]) => name);
        arrived.length = 0;
        const instance = copy.create(config as never);
        attachBearer(instance, tokens(), { origins: allowed.origin });
        await instance.get(url as string).catch(() => {});
        expect(arrived.map(([name]) => name)).toEqual(expected);
        expect(arrived.filter(([name, hasToken]) => name === "other" && hasToken)).toEqual([]);
        if (baseURL === allowed.origin && url?.startsWith(baseURL)) expect(arrived).toEqual([["allowed", true]]);
        arrived.length = 0;
      }
    });
  });

  /** An API at http://localhost that redirects `/from` to wherever the test wants, and `/between` back to itself. */
  const startApi = (arrived: unknown[], status: number, to: string): Promise<Loopback> =>
    startLoopback(() => ({ url, headers }, response) => {
      arrived.push([headers.host, url, headers.authorization ?? "none"]);
      if (url === "/there" || url === "/back") return void response.end();
      response.writeHead(status, { location: url === "/from" ? to : "http://localhost/back" }).end();
    });

  const ways: [name: string, config: AxiosRequestConfig][] = [
    ["http", { adapter: "http" }],
    ["the function of its http adapter", { adapter: copy.getAdapter("http") }],
    ["a function around its http adapter", { adapter: (config) => copy.getAdapter("http")({ ...config }) }],
    ["a transport around follow-redirects", { adapter: "http", transport: followRedirects.http }],
    ["a hook", { adapter: "http", beforeRedirect: () => {} }],
  ];

  describe.each(ways)("%s", (_way, config) => {
    it.each([
      ["a subdomain", "http://sub.localhost/there", {}],
      ["a subdomain of that", "http://a.sub.localhost/there", {}],
      ["a subdomain, without a scheme", "//sub.localhost/there", {}],
      ["another port", "http://localhost:8080/there", {}],
      ["another name", "http://127.0.0.1/there", {}],
      ["another scheme", "https://localhost/there", {}],
      ["the name that the caller put into Host", "http://other.example/there", { host: "other.example" }],
    ])("a redirect to %s takes no token along", async (_case, to, headers) => {
      for (const status of [301, 302, 303, 307, 308]) {
        for (const method of ["get", "post"]) {
          const arrived: [string, string, string][] = [];
          await using server = await startApi(arrived, status, to);
          const instance = copy.create({ baseURL: "http://localhost", ...agentsTo(server), ...config } as never);
          attachBearer(instance, tokens());
          const sent = await instance
            .request({ url: "/from", method, data: method === "post" ? "order" : undefined, headers })
            .catch(String);
          // A transport for http only is not asked for https.
          if (typeof sent !== "string") expect(arrived).toHaveLength(2);
          expect(arrived.map(([, , authorization]) => authorization)).toEqual(["Bearer secret-1", "none"].slice(0, arrived.length));
        }
      }
    });

    it("the token does not come back with a redirect that returns", async () => {
      const arrived: [string, string, string][] = [];
      await using server = await startApi(arrived, 302, "http://sub.localhost/between");
      const instance = copy.create({ baseURL: "http://localhost", ...agentsTo(server), ...config } as never);
      attachBearer(instance, tokens());
      await instance.get("/from");
      expect(arrived.map(([, url, authorization]) => [url, authorization])).toEqual([
        ["/from", "Bearer secret-1"],
        ["/between", "none"],
        ["/back", "none"],
      ]);
    });

    it.each(["/there", "http://localhost/there", "http://LOCALHOST:80/there"])("a redirect to %s takes it along", async (to) => {
      const arrived: [string, string, string][] = [];
      await using server = await startApi(arrived, 302, to);
      const instance = copy.create({ baseURL: "http://localhost", ...agentsTo(server), ...config } as never);
      attachBearer(instance, tokens());
      await instance.get("/from");
      expect(arrived.map(([, , authorization]) => authorization)).toEqual(["Bearer secret-1", "Bearer secret-1"]);
    });
  });

  it("a caller's own beforeRedirect is called as without tokens, may throw, and may choose other credentials, but takes ours nowhere else", async () => {
    const arrived: [string, string, string][] = [];
    await using server = await startApi(arrived, 302, "/there");
    const seen: unknown[] = [];
    const run = async (beforeRedirect: (options: Record<string, unknown>) => void, isAttached: boolean): Promise<unknown[]> => {
      arrived.length = 0;
      const instance = copy.create({ baseURL: "http://localhost", adapter: "http", ...agentsTo(server), beforeRedirect } as never);
      if (isAttached) attachBearer(instance, tokens());
      const headers = isAttached ? {} : { Authorization: "Bearer secret-1" };
      const error: unknown = await instance.get("/from", { headers }).then(
        () => undefined,
        ({ message, config }: { message: string; config?: AxiosRequestConfig }) => {
          if (config !== undefined) expect(config.beforeRedirect).toBe(beforeRedirect);
          return message;
        },
      );
      return [error, ...arrived.map(([host, , authorization]) => [host, authorization])];
    };
    const look = function (this: unknown, ...given: unknown[]): void {
      const [, ...details] = given as [unknown, ...{ url?: string; method?: string; statusCode?: number }[]];
      seen.push([typeof this, given.length, details.map(({ url, method, statusCode }) => [url, method, statusCode])]);
    };
    expect(await run(look, true)).toEqual(await run(look, false));
    expect(seen).toHaveLength(2);
    expect(seen[0]).toEqual(seen[1]);

    const fail = (): never => {
      throw new RangeError("not there");
    };
    expect(await run(fail, true)).toEqual(await run(fail, false));

    const elsewhere = (options: Record<string, unknown>): void =>
      void Object.assign(options, { hostname: "sub.localhost", host: "sub.localhost" });
    expect((await run(elsewhere, true)).at(-1)).toEqual(["sub.localhost", "none"]);
    const withOwn = (options: Record<string, unknown>): void => {
      elsewhere(options);
      (options["headers"] as Record<string, string>)["Authorization"] = "Basic own";
    };
    expect((await run(withOwn, true)).at(-1)).toEqual(["sub.localhost", "Basic own"]);
  });
});
