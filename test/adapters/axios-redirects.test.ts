import type { AxiosRequestConfig } from "axios";
import { describe, expect, it } from "vitest";
import { startSession, type Session } from "../end-to-end/session.ts";
import { startLoopback } from "../servers/loopback.ts";
import { startResourceApi } from "../servers/resource-api.ts";
import { adapters, attachedTo, refuseToken, rejectionOf, withStaticHeader } from "./axios-under-test.ts";

const codes = [301, 302, 303, 307, 308];

const redirect = (status: number, to: string): string => `/redirect?status=${status}&to=${encodeURIComponent(to)}`;

const trail = ({ api }: Pick<Session, "api">): unknown[] =>
  api.requests.map(({ method, url, authorizationKind, status }) => [method, url.split("?")[0], authorizationKind, status]);

describe.each(adapters)("%s", (adapter) => {
  it.each(codes)("%s to the same origin takes the token along, and a POST becomes what axios makes of it", async (status) => {
    await using session = await startSession();
    const path = redirect(status, "/there");
    const plain = await withStaticHeader(session, { adapter });
    await plain.post(path, { order: 1 });
    const expected = [...session.api.requests];
    session.api.reset();

    expect((await attachedTo(session, { adapter }).post(path, { order: 1 })).status).toBe(200);

    expect(session.api.requests).toEqual(expected);
    expect(session.api.requests).toHaveLength(2);
  });

  it.each(codes)("%s behind a refusal: the replay is redirected, once, with the new token", async (status) => {
    await using session = await startSession();
    await refuseToken(session);

    expect((await attachedTo(session, { adapter }).get(redirect(status, "/there"))).status).toBe(200);

    expect(trail(session)).toEqual([
      ["GET", "/redirect", "bearer", 401],
      ["GET", "/redirect", "bearer", status],
      ["GET", "/there", "bearer", 200],
    ]);
  });

  it.each(codes)(
    "%s to another port or name takes no token along, and its 401 neither refreshes nor repeats the request",
    async (status) => {
      await using session = await startSession();
      await using other = await startResourceApi({ isActive: () => true });
      const instance = attachedTo(session, { adapter });
      const localhost = session.api.origin.replace("127.0.0.1", "localhost");

      for (const method of ["get", "post"]) {
        for (const origin of [other.origin, localhost]) {
          const error = await rejectionOf(
            instance.request({ method, url: redirect(status, `${origin}/there`), data: method === "post" ? "order" : undefined }),
          );
          expect(error.status).toBe(401);
        }
      }

      expect(other.requests.map(({ authorizationKind }) => authorizationKind)).toEqual(["none", "none"]);
      const there = session.api.requests.filter(({ url }) => url === "/there");
      expect(there.map(({ authorizationKind }) => authorizationKind)).toEqual(["none", "none"]);
      expect(session.api.requests.filter(({ url }) => url !== "/there")).toHaveLength(4);
      expect(session.refreshes()).toBe(0);
    },
  );

  it.each(codes)("%s to a page of the same origin that answers 401 does not repeat an unsafe request", async (status) => {
    await using session = await startSession();

    expect((await rejectionOf(attachedTo(session, { adapter }).post(redirect(status, "/status/401"), { order: 1 }))).status).toBe(401);

    expect(session.api.requests.map(({ url }) => url.split("?")[0])).toEqual(["/redirect", "/status/401"]);
    expect(session.refreshes()).toBe(0);
  });

  it("a token does not come back with a redirect that returns from another origin", async () => {
    await using session = await startSession();
    await using between = await startLoopback(() => (_request, response) => {
      response.writeHead(302, { location: `${session.api.origin}/back` }).end();
    });

    await rejectionOf(attachedTo(session, { adapter }, { replay: "never" }).get(redirect(302, `${between.origin}/between`)));

    expect(session.api.requests.map(({ url, authorizationKind }) => [url.split("?")[0], authorizationKind])).toEqual([
      ["/redirect", "bearer"],
      ["/back", "none"],
    ]);
  });

  it("maxRedirects 0 gives the caller the redirect, and a refusal is still replayed", async () => {
    await using session = await startSession();
    await refuseToken(session);
    const config: AxiosRequestConfig = { maxRedirects: 0, validateStatus: null };

    const response = await attachedTo(session, { adapter }).post(redirect(302, "/there"), { order: 1 }, config);

    expect([response.status, response.headers["location"]]).toEqual([302, "/there"]);
    expect(trail(session)).toEqual([
      ["POST", "/redirect", "bearer", 401],
      ["POST", "/redirect", "bearer", 302],
    ]);
  });
});

it("http: beforeRedirect sees what it would see, and what it changes counts", async () => {
  await using session = await startSession();
  const seen: unknown[] = [];
  const beforeRedirect: NonNullable<AxiosRequestConfig["beforeRedirect"]> = (options, responseDetails, requestDetails) => {
    const lowerCase = (headers: Record<string, string> | undefined): unknown =>
      Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
    seen.push([
      Object.keys(options),
      lowerCase(options["headers"]),
      responseDetails.statusCode,
      Object.keys(requestDetails ?? {}),
      lowerCase(requestDetails?.headers as never),
    ]);
    options["headers"]["x-client"] = "redirected";
  };
  await (await withStaticHeader(session)).get(redirect(302, "/there"), { beforeRedirect });

  await attachedTo(session).get(redirect(302, "/there"), { beforeRedirect });

  expect(seen[1]).toEqual(seen[0]);
  expect(session.api.requests.map(({ client, status }) => [client, status])).toEqual([
    ["", 302],
    ["redirected", 200],
    ["", 302],
    ["redirected", 200],
  ]);
});

it("http: too many redirects are axios's own error, and nothing is sent again", async () => {
  await using session = await startSession();
  const path = redirect(302, redirect(302, "/there"));
  const error = await rejectionOf(attachedTo(session).get(path, { maxRedirects: 1 }));
  expect(error).toMatchObject({ code: "ERR_FR_TOO_MANY_REDIRECTS", isAxiosError: true });
  expect(session.api.requests).toHaveLength(2);
});

it("http: a subdomain of the API is another origin, although follow-redirects would let it have the header", async () => {
  await using session = await startSession();
  await using api = await startLoopback(() => (request, response) => {
    arrived.push([request.headers.host?.split(":")[0], request.headers.authorization !== undefined]);
    if (request.url === "/there") response.end();
    else response.writeHead(302, { location: `http://sub.localhost:${new URL(api.origin).port}/there` }).end();
  });
  const arrived: unknown[] = [];
  const origin = api.origin.replace("127.0.0.1", "localhost");
  const instance = attachedTo(session, { baseURL: origin, lookup: async () => ({ address: "127.0.0.1", family: 4 }) });

  expect((await instance.get("/from")).status).toBe(200);

  expect(arrived).toEqual([
    ["localhost", true],
    ["sub.localhost", false],
  ]);
});
