import { bearer, type FetchFunction } from "@tokenflight/fetch";
import nodeFetch from "node-fetch";
import { fetch as undiciFetch } from "undici";
import { expect, it } from "vitest";
import { countingTokens } from "../contract/scenarios/recording-api.ts";
import { startWireApi, type WireApi } from "./wire-session.ts";

const functions: [string, unknown][] = [
  ["undici's", undiciFetch],
  ["node-fetch", nodeFetch],
  ["a wrapper around Node's", (...call: Parameters<typeof fetch>) => globalThis.fetch(...call)],
];
const statuses = [301, 302, 303, 307, 308];
const methods = [
  "post",
  "Post",
  "POST",
  "put",
  "PUT",
  "delete",
  "Delete",
  "get",
  "GET",
  "head",
  "HEAD",
  "options",
  "PATCH",
  "QUERY",
  "custom",
];

/** What arrived at the API and at the other origin. */
function taken(name: string, ...apis: WireApi[]): string[][] {
  return apis.map(({ requests }) =>
    requests.map(({ method, url, body, headers }) => {
      // node-fetch leaves the type of a body on a GET that has none any more. The Fetch standard does not.
      const type = name === "node-fetch" && method === "GET" ? "" : headers["content-type"];
      return `${method} ${url} ${body.toString()} ${type}`;
    }),
  );
}

const cases = functions.flatMap(([name, fetch]) => ["/to", "elsewhere"].map((to) => ({ name, fetch: fetch as FetchFunction, to })));

it.each(cases)(
  "over $name, a redirect to $to asks for the same method and body as without us, in every spelling",
  async ({ name, fetch, to }) => {
    for (const status of statuses) {
      for (const method of methods) {
        // By the Fetch standard a HEAD stays one. node-fetch makes it a GET.
        if (name === "node-fetch" && status === 303 && method.toUpperCase() === "HEAD") continue;
        const seen: string[][][] = [];
        for (const isAttached of [false, true]) {
          await using other = await startWireApi(
            () => true,
            () => ({ status: 200 }),
          );
          await using api = await startWireApi(
            () => true,
            ({ url }) => (url === "/from" ? { status, headers: { location: to === "/to" ? to : `${other.origin}/to` } } : { status: 200 }),
          );
          const send = isAttached ? bearer(countingTokens(), { origins: api.origin })(fetch) : fetch;
          const mayHaveBody = !/^(?:get|head)$/i.test(method);
          await send(`${api.origin}/from`, { method, ...(mayHaveBody && { body: "a form", headers: { "content-type": "text/plain" } }) });
          seen.push(taken(name, api, other));
        }
        expect([status, method, seen[1]]).toEqual([status, method, seen[0]]);
      }
    }
  },
);
