import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { describe, expect, it } from "vitest";
import { refusal, startWireApi, startWireSession, usual, type WireSession } from "./wire-session.ts";

const statuses = [301, 302, 303, 307, 308];
const attached = ({ tokens, wire }: WireSession, origins: string[] = []): FetchFunction =>
  bearer(tokens, { origins: [wire.origin, ...origins] })(globalThis.fetch);

/** From now on `/from` redirects there; everything else is answered as usual. */
function redirect({ wire }: WireSession, status: number, location: string): void {
  wire.answer = (request, response) =>
    request.url === "/from" && request.isGood ? { status, headers: { location } } : usual(request, response);
}

describe.each(statuses)("a %d", (status) => {
  it("to the same origin keeps the token, and is one request for the caller", async () => {
    await using session = await startWireSession();
    redirect(session, status, "/to");

    const response = await attached(session)(`${session.wire.origin}/from`);

    expect([response.status, response.redirected, response.url]).toEqual([200, true, `${session.wire.origin}/to`]);
    expect(session.wire.requests.map(({ url, isGood }) => [url, isGood])).toEqual([
      ["/from", true],
      ["/to", true],
    ]);
  });

  it.each(["another port", "localhost instead of 127.0.0.1"])("to %s takes no token along, even if that is allowed one", async (where) => {
    await using session = await startWireSession();
    await using other = await startWireApi(() => true);
    const target = where === "another port" ? other.origin : other.origin.replace("127.0.0.1", "localhost");
    redirect(session, status, `${target}/to`);

    const response = await attached(session, [target])(`${session.wire.origin}/from`);

    expect(response.status).toBe(401);
    expect(other.requests.map(({ token }) => token)).toEqual([undefined]);
    expect(session.wire.requests).toHaveLength(1);
    expect(session.refreshes()).toBe(0);
  });

  it("that is refused before it redirects is replayed from the start, with the body that its method keeps", async () => {
    await using session = await startWireSession();
    redirect(session, status, "/to");
    await session.revoke();

    const response = await attached(session)(`${session.wire.origin}/from`, { method: "POST", body: "text" });

    expect(response.status).toBe(200);
    const keepsMethod = status === 307 || status === 308;
    expect(session.wire.requests.map(({ method, url, body, isGood }) => [method, url, body.toString(), isGood])).toEqual([
      ["POST", "/from", "text", false],
      ["POST", "/from", "text", true],
      keepsMethod ? ["POST", "/to", "text", true] : ["GET", "/to", "", true],
    ]);
  });

  it("whose target refuses the token repeats no unsafe request, and the next request has a fresh token (field line 113)", async () => {
    await using session = await startWireSession();
    session.wire.answer = ({ url }) => (url === "/from" ? { status, headers: { location: "/to" } } : refusal);

    const response = await attached(session)(`${session.wire.origin}/from`, { method: "POST", body: "create" });

    expect(response.status).toBe(401);
    expect(session.wire.requests.map(({ url }) => url)).toEqual(["/from", "/to"]);
    await expect.poll(session.refreshes).toBe(1);
    session.wire.answer = usual;
    expect((await attached(session)(`${session.wire.origin}/next`)).status).toBe(200);
    expect(session.refreshes()).toBe(1);
  });

  it("whose target refuses the token repeats a safe request from the start", async () => {
    await using session = await startWireSession();
    const old = (await session.tokens.get()).accessToken;
    session.wire.answer = (request, response) =>
      request.url === "/from" ? { status, headers: { location: "/to" } } : request.token === old ? refusal : usual(request, response);

    expect((await attached(session)(`${session.wire.origin}/from`)).status).toBe(200);

    expect(session.wire.requests.map(({ url }) => url)).toEqual(["/from", "/to", "/from", "/to"]);
    expect(session.refreshes()).toBe(1);
  });
});

it('redirect: "manual" gives the redirect itself, as without us', async () => {
  await using session = await startWireSession();
  redirect(session, 303, "/to");

  const response = await attached(session)(`${session.wire.origin}/from`, { method: "POST", redirect: "manual" });

  expect([response.status, response.headers.get("location")]).toEqual([303, "/to"]);
  expect(session.wire.requests).toHaveLength(1);
});

it('redirect: "error" is the network error that fetch makes of it, and nothing is replayed', async () => {
  await using session = await startWireSession();
  redirect(session, 302, "/to");

  await expect(attached(session)(`${session.wire.origin}/from`, { redirect: "error" })).rejects.toThrow("fetch failed");

  expect(session.wire.requests).toHaveLength(1);
});

it("a token does not come back when another origin redirects back to the allowed one", async () => {
  await using session = await startWireSession();
  await using other = await startWireApi(
    () => true,
    () => ({ status: 302, headers: { location: `${session.wire.origin}/back` } }),
  );
  redirect(session, 302, `${other.origin}/there`);

  expect((await attached(session)(`${session.wire.origin}/from`, { method: "POST" })).status).toBe(401);

  expect(session.wire.requests.map(({ url, token }) => [url, token === undefined])).toEqual([
    ["/from", false],
    ["/back", true],
  ]);
  expect(session.refreshes()).toBe(0);
});

it("a 307 with a stream as body is the network error that fetch makes of it", async () => {
  await using session = await startWireSession();
  redirect(session, 307, "/to");
  const init = { method: "POST", body: new Blob(["text"]).stream(), duplex: "half" } as RequestInit;

  await expect(attached(session)(`${session.wire.origin}/from`, init)).rejects.toThrow("fetch failed");

  expect(session.wire.requests).toHaveLength(1);
});
