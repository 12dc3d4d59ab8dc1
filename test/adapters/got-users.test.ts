import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/got";
import fc from "fast-check";
import got, { type Got, type NormalizedOptions } from "got";
import { expect, it } from "vitest";
import { startLoopback } from "../servers/loopback.ts";
import { startGotSession } from "./got-session.ts";

interface User {
  readonly name: string;
  readonly tokens: TokenCache;
}

/** A user whose tokens are user7-1, user7-2, ..., each of which takes some time to come. */
function makeUser(name: string, delay = 0): User {
  let count = 0;
  return {
    name,
    tokens: createTokenCache({
      async source() {
        count += 1;
        const token = `${name}-${count}`;
        await new Promise((resolve) => setTimeout(resolve, delay));
        return { access_token: token, expires_in: 600 };
      },
    }),
  };
}

const tokensOf = ({ context }: NormalizedOptions): TokenCache | undefined => (context["user"] as User | undefined)?.tokens;

it("200 users through one instance in any interleaving, with refusals, redirects, errors and retries: nobody gets another's token or answer", async () => {
  const wrong: string[] = [];
  let requests = 0;
  await using server = await startLoopback(() => {
    const refused = new Set<string>();
    return async (request, response) => {
      requests += 1;
      const url = new URL(request.url ?? "/", "http://127.0.0.1");
      const [, name = "", turn = "0", fate] = url.pathname.split("/");
      const token = (request.headers.authorization ?? "none").replace("Bearer ", "");
      if (!token.startsWith(`${name}-`)) wrong.push(`${url.pathname} had ${token}`);
      if (fate === "refused" && !refused.has(token) && token.endsWith("-1")) refused.add(token);
      await new Promise((resolve) => setTimeout(resolve, Number(turn)));
      if (refused.has(token)) response.writeHead(401).end("refused");
      else if (fate === "redirect") response.writeHead(302, { location: `/${name}/0/plain` }).end();
      else if (fate === "retry" && !url.searchParams.has("again")) response.writeHead(503).end();
      else response.end(token);
    };
  });
  const client: Got = got.extend(bearer(tokensOf, { origins: server.origin }), {
    retry: { limit: 1, backoffLimit: 1, noise: 0 },
    hooks: { beforeRetry: [({ options }) => void (options.searchParams = { again: 1 })] },
  });

  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          user: fc.nat({ max: 199 }),
          wait: fc.nat({ max: 5 }),
          fate: fc.constantFrom("plain", "refused", "redirect", "retry"),
          method: fc.constantFrom("GET" as const, "PUT" as const),
        }),
        { minLength: 200, maxLength: 200 },
      ),
      async (calls) => {
        const users = Array.from({ length: 200 }, (_, user) => makeUser(`user${user}`, user % 7));
        await Promise.all(
          calls.map(async ({ user: index, wait, fate, method }) => {
            const user = users[index] as User;
            const { body, request } = await client(`${server.origin}/${user.name}/${wait}/${fate}`, { method, context: { user } });
            if (!body.startsWith(`${user.name}-`)) wrong.push(`${user.name} got ${body}`);
            expect((request.options.context["user"] as User).name).toBe(user.name);
          }),
        );
      },
    ),
    { numRuns: 5, seed: 20_260_101 },
  );

  expect(wrong).toEqual([]);
  expect(requests).toBeGreaterThan(400);
}, 60_000);

it("one refusal for a crowd of each of many users: one refresh per user", async () => {
  await using server = await startLoopback(() => (request, response) => {
    const token = request.headers.authorization ?? "";
    response.writeHead(token.endsWith("-1") ? 401 : 200).end(token);
  });
  const client = got.extend(bearer(tokensOf, { origins: server.origin }));
  const users = Array.from({ length: 20 }, (_, user) => makeUser(`user${user}`, 5));

  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, call) => {
      const user = users[call % 20] as User;
      return [user.name, (await client(server.origin, { context: { user } })).body];
    }),
  );

  for (const [name, body] of answers) expect(body).toBe(`Bearer ${name}-2`);
});

it("the function sees the options of each request: its own context, its URL, its headers, what a hook put in", async () => {
  const seen: unknown[] = [];
  await using session = await startGotSession({
    got: {
      context: { tenant: "t", user: "default" },
      hooks: { beforeRequest: [({ context }) => void (context["hook"] = true)] },
    },
    tokens: (tokens) => (options) => {
      seen.push([options.url?.pathname, { ...options.context }, options.headers["x-client"], options.method]);
      return tokens;
    },
  });

  await session.client.post("redirect?status=303&to=/target", { context: { user: "ada" }, headers: { "x-client": "c" }, json: {} });

  const context = { tenant: "t", user: "ada", hook: true };
  expect(seen).toEqual([
    ["/redirect", context, "c", "POST"],
    ["/target", context, "c", "GET"],
  ]);
});

it("a context that calls share is not written to, and neither is that of the instance", async () => {
  const context = Object.freeze({ user: Object.freeze({ name: "ada" }) });
  await using session = await startGotSession({ got: { context: { shared: true } } });
  const { client, revoke } = session;
  await revoke();

  const [one, other] = await Promise.all([client("one", { context }), client("two", { context })]);

  expect(Reflect.ownKeys(context)).toEqual(["user"]);
  expect(client.defaults.options.context).toEqual({ shared: true });
  for (const { request } of [one, other]) expect(request.options.context).toEqual({ shared: true, user: { name: "ada" } });
});
