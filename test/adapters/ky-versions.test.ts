import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/ky";
import newest, { type KyInstance, type Options } from "ky";
import lowest from "ky-lowest";
import old from "ky-old";
import { describe, expect, it } from "vitest";
import { rejectionOf, startWireApi, startWireSession, type WireApi } from "./wire-session.ts";

const tokensOf = (user: unknown): TokenCache => createTokenCache({ source: async () => ({ access_token: String(user) }) });
const startApi = (): Promise<WireApi> =>
  startWireApi(
    () => true,
    ({ token }) => ({ status: 200, body: token ?? "nobody" }),
  );

/** In the words of the newest version, whose types the adapter's are. */
const ky1 = lowest as unknown as KyInstance;
const at = (prefixUrl: string, more: Options = {}): Options => ({ prefixUrl, retry: 0, ...more }) as Options;
const ofUser = bearer(({ context }) => ("user" in context ? tokensOf(context["user"]) : undefined));

describe("ky 1.7", () => {
  it("takes the origin of prefixUrl, and sends nothing of ours elsewhere", async () => {
    await using session = await startWireSession();
    await session.revoke();
    const api = ky1.create(at(`${session.wire.origin}/v1`)).extend(bearer(session.tokens));

    expect((await api("orders")).status).toBe(200);
    await rejectionOf(api(new URL(session.wire.origin.replace("127.0.0.1", "localhost"))));

    expect(session.wire.requests.map(({ url, token, isGood }) => [url, token !== undefined, isGood])).toEqual([
      ["/v1/orders", true, false],
      ["/v1/orders", true, true],
      ["/", false, false],
    ]);
  });

  it("without a prefixUrl, the origins have to be said", () => {
    expect(() => ky1.extend(bearer(tokensOf("anna")))).toThrow("origins: expected");
  });

  it("a selector sees the context of the call, at each of ky's retries", async () => {
    await using wire = await startApi();
    const unavailable = new Set(["anna", "ben"]);
    wire.answer = ({ token = "" }) => (unavailable.delete(token) ? { status: 503 } : { status: 200, body: token });
    const api = ky1.create(at(wire.origin, { retry: { limit: 1, delay: () => 1 } })).extend(ofUser);

    const answers = await Promise.all(["anna", "ben"].map((user) => api("orders", { context: { user } }).text()));

    expect(answers).toEqual(["anna", "ben"]);
    expect(wire.requests).toHaveLength(4);
  });

  it("a call without a context has an empty one", async () => {
    await using wire = await startApi();

    expect(await ky1.create(at(wire.origin)).extend(ofUser)("orders").text()).toBe("nobody");
  });

  it.each([
    ["a hook from before", "parent"],
    ["a hook from after", "child"],
  ])("%s that gives another Request hides the context: reading it is an error, and nothing is sent", async (_name, place) => {
    await using wire = await startApi();
    const hooks: Options = { hooks: { beforeRequest: [() => new Request(`${wire.origin}/other`)] } };
    const api = ky1.create(at(wire.origin, place === "parent" ? hooks : {})).extend(ofUser);

    const error = await rejectionOf(api.extend(place === "child" ? hooks : {})("orders", { context: { user: "anna" } }));

    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option: "hooks" });
    expect(wire.requests).toEqual([]);
  });
});

it("I133 a ky that takes no function to extend with is an error of its own when it is extended, and no request without a token", () => {
  expect(() => (old as unknown as KyInstance).extend(bearer(tokensOf("anna")))).toThrow("The `options` argument must be an object");
});

describe("a child that wraps the fetch of ours", () => {
  it.each([
    ["ky 1.7", ky1, at],
    ["the newest", newest, (prefix: string, more: Options): Options => ({ prefix, ...more })],
  ])("%s: a selector sees the context of the call, at each retry", async (_name, ky, options) => {
    await using wire = await startApi();
    let unavailable = true;
    wire.answer = ({ token = "nobody" }) => {
      const status = unavailable ? 503 : 200;
      unavailable = false;
      return { status, body: token };
    };
    const api = ky
      .create(options(wire.origin, { retry: { limit: 1, delay: () => 1 } }))
      .extend(ofUser)
      .extend(({ fetch = globalThis.fetch }) => ({ fetch: (input, init) => fetch(input, init) }));

    expect(await api("orders", { context: { user: "anna" } }).text()).toBe("anna");

    expect(wire.requests.map(({ token }) => token)).toEqual(["anna", "anna"]);
  });
});
