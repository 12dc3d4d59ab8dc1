import { refusedBy } from "@tokenflight/core";
import { bearer, type BearerOptions, type UndiciResponse } from "@tokenflight/undici";
import { Agent, type Dispatcher } from "undici";
import { expect, it } from "vitest";
import { startWireSession, usual, type WireSession } from "./wire-session.ts";

const attached = ({ tokens, wire }: WireSession, options: BearerOptions<UndiciResponse> = {}): Dispatcher =>
  new Agent().compose(bearer(tokens, { origins: wire.origin, ...options }));

async function get(client: Dispatcher, { wire }: WireSession): Promise<number> {
  const { statusCode, body } = await client.request({ origin: wire.origin, path: "/", method: "GET" });
  await body.dump();
  return statusCode;
}

it("refused sees status and headers: there is no body yet when a dispatcher decides", async () => {
  await using session = await startWireSession();
  session.wire.answer = (request, response) =>
    request.isGood ? usual(request, response) : { status: 403, headers: { "x-error": "token-expired" }, body: "no" };
  await session.revoke();
  const seen: UndiciResponse[] = [];
  const refused = (response: UndiciResponse): boolean => {
    seen.push(response);
    return response.headers["x-error"] === "token-expired";
  };

  expect(await get(attached(session, { refused }), session)).toBe(200);

  expect(seen).toMatchObject([
    { statusCode: 403, statusText: "Forbidden" },
    { statusCode: 200, statusText: "OK" },
  ]);
  expect(session.refreshes()).toBe(1);
});

it.each<[string | string[], number]>([
  ['Bearer error="insufficient_scope"', 0],
  ['DPoP error="insufficient_scope"', 0],
  ['Basic realm="api"', 1],
  [['Basic realm="api"', 'Bearer error="invalid_token"'], 1],
  [['Basic realm="api"', "Negotiate"], 1],
  [["Negotiate", 'Bearer error="invalid_request"'], 0],
  [[], 1],
])("a 401 with the challenges %j: %d refreshes", async (challenges, refreshes) => {
  await using session = await startWireSession();
  session.wire.answer = () => ({ status: 401, headers: challenges.length === 0 ? {} : { "www-authenticate": challenges } });

  expect(await get(attached(session), session)).toBe(401);

  expect(session.refreshes()).toBe(refreshes);
});

it("a refused that looks into bodies is an error when attached: a dispatcher shows none", async () => {
  await using session = await startWireSession();

  expect(() => attached(session, { refused: refusedBy(() => true) })).toThrow(
    "refused: expected a function of status and headers, because a dispatcher shows no body, got one that looks into bodies.",
  );
});
