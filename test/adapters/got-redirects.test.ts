import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { bearer } from "@tokenflight/got";
import got from "got";
import { expect, it } from "vitest";
import { startLoopback } from "../servers/loopback.ts";
import { startResourceApi, type ResourceApi } from "../servers/resource-api.ts";
import { selfSigned } from "../setup/certificates.ts";
import { nameThisMachine } from "../setup/host-name.ts";
import { rejection, startGotSession, type GotSession } from "./got-session.ts";

const statuses = [301, 302, 303, 307, 308] as const;

const redirect = (to: string, status: number): string => `redirect?status=${status}&to=${encodeURIComponent(to)}`;

interface TwoOrigins extends GotSession {
  readonly other: ResourceApi;
}

/** A second API at an origin of its own, which takes no token in the first case. */
async function startTwoOrigins(allowBoth = false): Promise<TwoOrigins> {
  let isActive = (_token: string): boolean => true;
  const other = await startResourceApi({ isActive: (token) => isActive(token) });
  const session = await startGotSession();
  isActive = (token) => session.server.isActive(token);
  const { tokens, api } = session;
  const origins = allowBoth ? [api.origin, other.origin] : [api.origin];
  return {
    ...session,
    other,
    client: got.extend({ prefixUrl: api.origin, retry: { limit: 0 } }, bearer(tokens, { origins })),
    async [Symbol.asyncDispose]() {
      await other.close();
      await session[Symbol.asyncDispose]();
    },
  };
}

const kinds = ({ requests }: ResourceApi): string[] => requests.map(({ method, authorizationKind }) => `${method} ${authorizationKind}`);

it.each(statuses)("%i to the same origin: the token goes along", async (status) => {
  await using session = await startGotSession();
  const { client, api } = session;

  expect((await client(redirect("/target", status))).statusCode).toBe(200);

  expect(kinds(api)).toEqual(["GET bearer", "GET bearer"]);
});

it.each(statuses)(
  "%i to another port or another name of this machine: the token stays, and the 401 there refreshes nothing",
  async (status) => {
    await using session = await startTwoOrigins();
    const { client, api, other, refreshes } = session;
    const byName = new URL(api.origin);
    byName.hostname = "localhost";

    for (const target of [`${other.origin}/port`, `${byName.origin}/name`]) {
      api.reset();
      other.reset();
      expect((await rejection(client(redirect(target, status)))).response?.statusCode).toBe(401);
      expect([...kinds(api), ...kinds(other)]).toEqual(["GET bearer", "GET none"]);
    }

    expect(refreshes()).toBe(0);
  },
);

it.each(statuses)("%i to another origin that is allowed: it gets the token", async (status) => {
  await using session = await startTwoOrigins(true);
  const { client, api, other } = session;

  await client(redirect(`${other.origin}/there`, status));

  expect([...kinds(api), ...kinds(other)]).toEqual(["GET bearer", "GET bearer"]);
});

it("A to B and back to A: A gets the token each time, B never, and each 401 of A's is replayed where it was given", async () => {
  await using session = await startGotSession();
  const { client, api, tokens, seen } = session;
  const authorizations: (string | undefined)[] = [];
  await using between = await startLoopback(() => (request, response) => {
    authorizations.push(request.headers.authorization);
    response.writeHead(302, { location: `${api.origin}/back` }).end();
  });
  const held = api.hold(({ url }) => url.startsWith("/redirect"));
  const call = client(redirect(`${between.origin}/`, 302));
  await held.arrived();
  api.refuseToken((await tokens.get()).accessToken);
  held.release();

  expect((await call).statusCode).toBe(200);

  expect(seen().map((line) => line.replace(/\?\S*/, ""))).toEqual([
    "GET /redirect 302 bearer",
    "GET /back 401 bearer",
    "GET /back 200 bearer",
  ]);
  expect(authorizations).toEqual([undefined]);
});

it("a POST whose 303 leads to a 401 of the same origin: only what the redirect led to is sent again", async () => {
  await using session = await startGotSession();
  const { client, api, tokens, seen, refreshes } = session;
  const held = api.hold(({ method }) => method === "POST");
  const call = client.post(redirect("/result", 303), { json: { order: "tea" } });
  await held.arrived();
  api.refuseToken((await tokens.get()).accessToken);
  held.release();

  expect((await call).statusCode).toBe(200);

  expect(seen().map((line) => line.replace(/\?\S*/, ""))).toEqual([
    "POST /redirect 303 bearer",
    "GET /result 401 bearer",
    "GET /result 200 bearer",
  ]);
  expect(refreshes()).toBe(1);
});

it.each([307, 308])(
  "a POST whose %i leads to a 401: its body is sent again to where it was redirected, and nowhere else",
  async (status) => {
    await using session = await startGotSession();
    const { client, api, tokens } = session;
    const held = api.hold(({ url }) => url.startsWith("/redirect"));
    const call = client.post(redirect("/result", status), { body: "order" });
    await held.arrived();
    api.refuseToken((await tokens.get()).accessToken);
    held.release();

    expect(await call.json()).toMatchObject({ body: "order" });

    expect(api.requests.map(({ method, bodyLength, status: answer }) => [method, bodyLength, answer])).toEqual([
      ["POST", 5, status],
      ["POST", 5, 401],
      ["POST", 5, 200],
    ]);
  },
);

it("a POST that is refused before it is redirected is replayed, and its replay is redirected", async () => {
  await using session = await startGotSession();
  const { client, revoke, seen } = session;
  await revoke();

  const { redirectUrls } = await client.post(redirect("/result", 303), { json: {} });

  expect(redirectUrls.map(({ pathname }) => pathname)).toEqual(["/result"]);
  expect(seen().map((line) => line.replace(/\?\S*/, ""))).toEqual([
    "POST /redirect 401 bearer",
    "POST /redirect 303 bearer",
    "GET /result 200 bearer",
  ]);
});

it.each([
  [301, true, "GET"],
  [302, true, "GET"],
  [301, false, "POST"],
  [302, false, "POST"],
] as const)("a POST with a %i and methodRewriting %s arrives as a %s with the token", async (status, methodRewriting, method) => {
  await using session = await startGotSession();
  const { client, api } = session;

  await client.post(redirect("/target", status), { body: "order", methodRewriting });

  expect(kinds(api)).toEqual(["POST bearer", `${method} bearer`]);
});

it("followRedirect: false, and a function that says no, give the redirect itself", async () => {
  await using session = await startGotSession();
  const { client, api, revoke } = session;
  await revoke();

  for (const followRedirect of [false, () => false]) {
    expect((await client(redirect("/target", 302), { followRedirect })).statusCode).toBe(302);
  }

  expect(api.requests.map(({ status }) => status)).toEqual([401, 302, 302]);
});

it("more redirects than maxRedirects are got's own error, without a refresh", async () => {
  await using session = await startGotSession();

  const error = await rejection(session.client(redirect("/redirect?to=/", 302), { maxRedirects: 1 }));

  expect(error.code).toBe("ERR_TOO_MANY_REDIRECTS");
  expect(session.refreshes()).toBe(0);
});

it("a hook that sends a redirect or a request elsewhere takes no token along", async () => {
  await using session = await startTwoOrigins();
  const { client, other, refreshes } = session;
  const elsewhere = `${other.origin}/elsewhere`;

  await rejection(client(redirect("/target", 302), { hooks: { beforeRedirect: [(options) => void (options.url = elsewhere)] } }));
  await rejection(client("here", { hooks: { beforeRequest: [(options) => void (options.url = elsewhere)] } }));
  await rejection(
    client("here", {
      hooks: { afterResponse: [(response, retry) => (response.url === elsewhere ? response : retry({ url: elsewhere }))] },
    }),
  );
  // A handler that stands after ours gets its hook in after ours.
  const late = client.extend({
    handlers: [
      (options, next) => {
        options.hooks.beforeRequest = [...options.hooks.beforeRequest, (attempt) => void (attempt.url = elsewhere)];
        return next(options);
      },
    ],
  });
  await rejection(late("here"));

  expect(kinds(other)).toEqual(["GET none", "GET none", "GET none", "GET none"]);
  expect(refreshes()).toBe(0);
});

it("the caller's own Authorization is stripped by a redirect to another origin, and none of ours takes its place", async () => {
  await using session = await startTwoOrigins(true);
  const { client, api, other, tokens, refreshes } = session;
  const { accessToken } = await tokens.get();

  await rejection(client(redirect(`${other.origin}/there`, 302), { headers: { authorization: `Bearer ${accessToken}` } }));

  expect([...kinds(api), ...kinds(other)]).toEqual(["GET bearer", "GET none"]);
  expect(refreshes()).toBe(0);
});

it.each(statuses)("%i from https to plain http: no token, although both origins are allowed (field line 108)", async (status) => {
  await using session = await startGotSession();
  using _name = nameThisMachine("orders.internal");
  const { tokens, api } = session;
  const seen: string[] = [];
  const secure = createServer(selfSigned(), (request, response) => {
    seen.push(request.headers.authorization === undefined ? "none" : "bearer");
    response.writeHead(status, { location: `${new URLSearchParams(request.url?.slice(2)).get("to")}/target` }).end();
  });
  await once(secure.listen(0, "127.0.0.1"), "listening");
  const origin = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
  const named = api.origin.replace("127.0.0.1", "orders.internal");
  const options = { origins: [origin, api.origin, named], allowInsecureOrigins: [named] };
  const client = got.extend({ retry: { limit: 0 }, https: { rejectUnauthorized: false } }, bearer(tokens, options));

  for (const to of [api.origin, named]) {
    expect((await rejection(client(`${origin}/?to=${to}`))).response?.statusCode).toBe(401);
    // The same origin asked for at once has the token.
    expect((await client(`${to}/target`)).statusCode).toBe(200);
  }
  expect(seen).toEqual(["bearer", "bearer"]);
  expect(kinds(api)).toEqual(["GET none", "GET bearer", "GET none", "GET bearer"]);
  secure.close();
});
