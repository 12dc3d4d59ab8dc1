import { createTokenCache, type TokenCache } from "@tokenflight/core";
import type { ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { startLoopback, type Loopback } from "../servers/loopback.ts";

/*
 * What the clients' own tests assert, asked of a client twice: bare, and with a token that never ends. Everything that a caller can see has to be the same.
 */

/** What a caller does with a client, and tells of. */
export type Story<Client> = (client: Client, tell: (...seen: unknown[]) => void, origin: string) => unknown;

type Numbered = (path: string) => number;

function answer(response: ServerResponse, path: string, body: Buffer, method: string, count: Numbered): unknown {
  const json = { "content-type": "application/json" };
  const [, what, detail = ""] = path.split(/[/?]/);
  switch (what) {
    case "status": {
      // Such as /status/503,503,200: one after the other, and the last one from then on.
      const statuses = detail.split(",").map(Number);
      const status = statuses[Math.min(count(path), statuses.length) - 1] ?? 200;
      return response.writeHead(status, { ...json, "x-a": "1" }).end([204, 304].includes(status) ? undefined : `{"status":${status}}`);
    }
    case "after":
      return response.writeHead(count(path) === 1 ? 503 : 200, { "retry-after": detail, ...json }).end("{}");
    case "echo":
      return response.writeHead(200, json).end(JSON.stringify({ method, body: body.toString() }));
    case "redirect":
      return response.writeHead(Number(detail), { location: "/echo" }).end();
    case "loop":
      return response.writeHead(302, { location: "/loop" }).end();
    case "text":
      return response.writeHead(200, { "content-type": "text/plain" }).end("no JSON");
    case "long":
      return response.writeHead(200, { "content-length": 200_000 }).end("x".repeat(200_000));
    case "packed":
      return response.writeHead(200, { "content-encoding": "gzip", ...json }).end(gzipSync('{"packed":true}'));
    case "cached":
      return response.writeHead(200, { "cache-control": "max-age=60", ...json }).end("{}");
    case "cut":
      response.writeHead(200, { "content-length": 1000 }).write("the beginning");
      return setImmediate(() => response.destroy());
    case "reset":
      return count(path) <= Number(detail || 100) ? response.destroy() : response.writeHead(200, json).end("{}");
    case "never":
      return undefined;
    default:
      return response.writeHead(200, json).end('{"ok":true}');
  }
}

async function startApi(arrived: unknown[]): Promise<Loopback> {
  const counts = new Map<string, number>();
  const count: Numbered = (path) => counts.set(path, (counts.get(path) ?? 0) + 1).get(path) ?? 0;
  return startLoopback(() => async (request, response) => {
    const { method = "", url = "", headers } = request;
    const body = await buffer(request).catch(() => Buffer.alloc(0));
    const { authorization, "content-type": type, "content-length": length, accept, ...others } = headers;
    // Whether it arrives before its time is over depends on the machine.
    if (!url.startsWith("/never"))
      arrived.push({
        hasToken: authorization === "Bearer forever",
        line: `${method} ${url}`,
        type,
        length,
        accept,
        more: Object.keys(others).toSorted(),
        body: body.toString(),
      });
    answer(response, url, body, method, count);
  });
}

const changing = /^(?:date|ip|.*(?:time|stamp|start|duration|took|timings|phases|boundary).*)$/i;

/** Everything that can be compared in a value. */
function shown(value: unknown, depth = 0): unknown {
  if (typeof value === "string")
    return value
      .replaceAll(/(?:127\.0\.0\.1|localhost):\d+/g, "api")
      .replaceAll(/\d+ ?ms/g, "some ms")
      .replaceAll(/-{4,}(?:formdata-undici-\d+|[0-9a-f]{24})/g, "boundary");
  if (typeof value === "function") return "[function]";
  if (typeof value !== "object" || value === null) return value;
  const { name: kind = "nothing" } = ((value as object).constructor ?? {}) as { name?: string };
  if (depth > 3) return kind;
  if (value instanceof Headers) return { [kind]: shown(Object.fromEntries(value), depth + 1) };
  if (value instanceof URL) return { URL: shown(value.href) };
  if (value instanceof Request) return { [kind]: [value.method, shown(value.url), value.redirect, shown(value.headers, depth + 1)] };
  if (value instanceof Response) {
    const { status, statusText, url, redirected, type, ok, bodyUsed } = value;
    return { [kind]: shown({ status, statusText, url, redirected, type, ok, bodyUsed, headers: value.headers }, depth + 1) };
  }
  if (ArrayBuffer.isView(value)) return { [kind]: value.byteLength };
  if (Array.isArray(value)) return value.map((one) => shown(one, depth + 1));
  if (value instanceof Error) {
    const { name, message, code, cause } = value as Error & { code?: unknown };
    return {
      kind,
      name,
      message: shown(message),
      code,
      keys: Object.keys(value).toSorted(),
      cause: cause === undefined ? "none" : shown(cause, depth + 1),
    };
  }
  if (kind !== "Object" && kind !== "AxiosHeaders" && Object.getPrototypeOf(value) !== null) return kind;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, changing.test(name) ? typeof one : shown(one, depth + 1)]));
}

interface Seen {
  readonly told: unknown[];
  readonly outcome: unknown;
  readonly arrived: readonly { hasToken: boolean }[];
}

const forever = (): TokenCache => createTokenCache({ source: async () => ({ access_token: "forever" }) });

async function play<Client>(
  story: Story<Client>,
  connect: (origin: string, tokens?: TokenCache) => Client,
  tokens?: TokenCache,
): Promise<Seen> {
  const arrived: { hasToken: boolean }[] = [];
  const told: unknown[] = [];
  await using api = await startApi(arrived);
  // A request finds the token there.
  await tokens?.get();
  const client = connect(api.origin, tokens);
  const tell = (...seen: unknown[]): void => void told.push(shown(seen));
  const [outcome] = await Promise.allSettled([(async () => story(client, tell, api.origin))()]);
  return { told, outcome: shown(outcome), arrived: arrived.map((one) => shown(one) as (typeof arrived)[number]) };
}

/** Each story, with the bare client and with the attached one. `differences`: stories that end otherwise with tokens, each with the reason. */
export function asBare<Client>(
  name: string,
  connect: (origin: string, tokens?: TokenCache) => Client,
  stories: Readonly<Record<string, Story<Client>>>,
  differences: Readonly<Record<string, string>> = {},
): void {
  const unknown = Object.keys(differences).filter((title) => !Object.hasOwn(stories, title));
  if (unknown.length > 0) throw new Error(`There are no such stories: ${unknown.join(", ")}.`);
  describe(`${name}, attached beside bare (field line 138)`, () => {
    it.each(Object.entries(stories))("%s", async (title, story) => {
      const theirs = await play(story, connect);
      const ours = await play(story, connect, forever());

      const plain = ({ arrived, ...seen }: Seen): unknown => ({
        ...seen,
        arrived: arrived.map((one) => ({ ...one, hasToken: undefined })),
      });
      if (Object.hasOwn(differences, title)) expect(plain(ours)).not.toEqual(plain(theirs));
      else expect(plain(ours)).toEqual(plain(theirs));
      expect(ours.arrived.every(({ hasToken }) => hasToken)).toBe(true);
      expect(theirs.arrived.some(({ hasToken }) => hasToken)).toBe(false);
      // The story tells of something.
      expect(theirs.told.length + theirs.arrived.length).toBeGreaterThan(0);
      expect(JSON.stringify([ours.told, ours.outcome])).not.toContain("forever");
    });
  });
}
