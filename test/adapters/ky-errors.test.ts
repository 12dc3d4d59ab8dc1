import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/ky";
import ky, { HTTPError, isNetworkError, type KyInstance, type Options } from "ky";
import { describe, expect, it } from "vitest";
import { refusal, rejectionOf, startWireSession, type WireSession } from "./wire-session.ts";

const attached = ({ tokens, wire }: WireSession, options: Options = {}): KyInstance =>
  ky.create({ baseUrl: wire.origin, retry: { limit: 2, delay: () => 1 }, ...options }).extend(bearer(tokens));

it("C46 a refusal that stays is ky's HTTPError, with the last response, its data, and the request without the token", async () => {
  await using session = await startWireSession();
  session.wire.answer = () => refusal;

  const error = await rejectionOf(attached(session).post("orders", { json: { a: 1 } }));

  expect(error).toBeInstanceOf(HTTPError);
  const { response, request, data, message } = error as HTTPError;
  expect([response.status, data, message]).toEqual([
    401,
    { code: "unauthorized" },
    `Request failed with status code 401 Unauthorized: POST ${session.wire.origin}/orders`,
  ]);
  expect([request.method, request.url, request.headers.has("authorization")]).toEqual(["POST", `${session.wire.origin}/orders`, false]);
  expect(session.wire.requests).toHaveLength(2);
});

it("a refusal whose renewal fails is ky's HTTPError with the data of the first refusal", async () => {
  await using session = await startWireSession();
  await session.revoke();
  session.server.revokeFamilyOf((await session.tokens.get()).refreshToken ?? "");

  expect(await rejectionOf(attached(session)("orders"))).toMatchObject({ name: "HTTPError", data: { code: "unauthorized" } });

  expect(session.wire.requests).toHaveLength(1);
});

it("C46 throwHttpErrors: false gives the refusal as a response, and a replay is the same", async () => {
  await using session = await startWireSession();
  await session.revoke();
  const api = attached(session, { throwHttpErrors: false });
  expect((await api("orders")).status).toBe(200);

  session.wire.answer = () => refusal;
  const response = await api("orders");

  expect([response.status, await response.json()]).toEqual([401, { code: "unauthorized" }]);
});

it("a network error is ky's NetworkError, retried by ky as without us, with the request but not the token", async () => {
  await using session = await startWireSession();
  let count = 0;
  session.wire.answer = (_request, response) => {
    count += 1;
    response.destroy();
    return undefined;
  };

  const error = await rejectionOf(attached(session)("orders"));

  expect([isNetworkError(error), count]).toEqual([true, 3]);
  expect((error as { request?: Request }).request?.headers.has("authorization")).toBe(false);
});

describe("an error of the token layer", () => {
  it("passes through unchanged, beforeError sees it, and ky does not retry it", async () => {
    await using session = await startWireSession();
    await session.tokens.forget();
    const seen: Error[] = [];
    const api = attached(session, {
      hooks: {
        beforeError: [
          ({ error }) => {
            seen.push(error);
            return error;
          },
        ],
      },
    });

    const error = await rejectionOf(api("orders"));

    expect(error).toMatchObject({ name: "LoginRequiredError", code: "ERR_LOGIN_REQUIRED" });
    expect(seen).toEqual([error]);
    expect(session.wire.requests).toEqual([]);
  });

  it.each([new TypeError("fetch failed"), Object.assign(new Error("reset"), { code: "ECONNRESET" })])(
    "is not taken for one of the network, even if the token source failed with %s: it is asked once",
    async (cause) => {
      await using session = await startWireSession();
      let asked = 0;
      const tokens = createTokenCache({
        source: async () => {
          asked += 1;
          throw cause;
        },
      });
      const api = ky.create({ baseUrl: session.wire.origin, retry: { limit: 2, delay: () => 1 } }).extend(bearer(tokens));

      const error = await rejectionOf(api("orders"));

      expect(error).toMatchObject({ name: "TokenRequestError", outcome: "unknown", cause });
      expect([asked, session.wire.requests.length]).toEqual([1, 0]);
    },
  );
});
