import { attachBearer } from "@tokenflight/axios";
import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { bearer as kyBearer } from "@tokenflight/ky";
import axios from "axios";
import ky, { type Options } from "ky";
import { afterEach, describe, expect, it, vi } from "vitest";
import { countingTokens } from "../contract/scenarios/recording-api.ts";
import { startWireSession } from "./wire-session.ts";

afterEach(() => vi.unstubAllGlobals());

const page = "https://api.example.com/app/";
const origins = "https://api.example.com";

describe("a page without Request, as under jsdom (field lines 120 and 123)", () => {
  it.each([
    ["/orders", page, "Bearer 1"],
    ["orders", page, "Bearer 1"],
    ["https://api.example.com/orders", page, "Bearer 1"],
    ["/orders", "https://www.example.com/", null],
    ["//other.example/", page, null],
  ])("%s on %s: %s", async (input, base, expected) => {
    vi.stubGlobal("document", { baseURI: base });
    vi.stubGlobal("Request", undefined);
    const seen: (string | null)[] = [];
    const beneath: FetchFunction = async (_input, init) => {
      seen.push(new Headers(init?.headers).get("authorization"));
      return new Response();
    };
    const tokens = countingTokens();
    await tokens.get();

    await bearer(tokens, { origins })(beneath)(input);

    expect(seen).toEqual([expected]);
  });

  it.each([
    [{ prefix: "/api" }, true],
    [{ baseUrl: "/api/" }, true],
    [{ baseUrl: "https://api.example.com/v1/" }, true],
    [{ prefix: "//other.example/" }, false],
  ])("ky takes the origin of %j", (options, isHome) => {
    vi.stubGlobal("document", { baseURI: page });
    const tokens = countingTokens();
    const seen: boolean[] = [];
    const attach = (): unknown =>
      kyBearer(({ input }) => {
        seen.push(true);
        return void input;
      })(options);
    const { fetch } = attach() as { fetch: FetchFunction };
    vi.stubGlobal("fetch", async () => new Response());
    return fetch("https://api.example.com/api/x").then(() => {
      expect(seen).toEqual(isHome ? [true] : []);
      expect(tokens.obtained()).toBe(0);
    });
  });

  it("a base URL that is relative to a page, where there is none, is told", () => {
    const told =
      'origins: expected an origin that may have the token, such as "https://api.example.com", because the base URL is relative to a page and this is none';
    for (const parent of [{ prefix: "/api" }, { prefixUrl: "api" }, { baseUrl: "/api/" }, { prefix: "api", baseUrl: "/" }])
      expect(() => kyBearer(countingTokens())(parent as Options)).toThrow(told);
    expect(() => attachBearer(axios.create({ baseURL: "/api" }), countingTokens())).toThrow(told);
    expect(() => attachBearer(axios.create({ baseURL: "/api" }), countingTokens(), { origins: "https://api.example.com" })).not.toThrow();
  });

  it("ky without a base has to be told, in a page as well", () => {
    vi.stubGlobal("document", { baseURI: page });
    expect(() => kyBearer(countingTokens())({})).toThrow("origins: expected at least one origin");
  });
});

/** Firefox has no `Request.body`. */
function likeFirefox(request: Request): Request {
  return Object.defineProperty(request, "body", { value: undefined });
}

describe("a Request that does not tell its body, as in Firefox (field line 123)", () => {
  it("is replayed whole, given to fetch", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const send = bearer(session.tokens, { origins: session.wire.origin })(globalThis.fetch);

    expect((await send(likeFirefox(new Request(session.wire.origin, { method: "POST", body: "order" })))).status).toBe(200);
    await session.revoke();
    expect((await send(likeFirefox(new Request(session.wire.origin)))).status).toBe(200);

    expect(session.wire.requests.map(({ method, body }) => [method, body.toString()])).toEqual([
      ["POST", "order"],
      ["POST", "order"],
      ["GET", ""],
      ["GET", ""],
    ]);
  });

  it("is replayed whole by ky", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const Original = Request;
    vi.stubGlobal(
      "Request",
      class extends Original {
        override get body(): null {
          return undefined as unknown as null;
        }
      },
    );
    const api = ky.create({ prefix: session.wire.origin, retry: 0 }).extend(kyBearer(session.tokens));

    expect((await api.post("orders", { json: { tea: 1 } })).status).toBe(200);

    expect(session.wire.requests.map(({ body }) => body.toString())).toEqual(['{"tea":1}', '{"tea":1}']);
  });
});
