import { createTokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/undici";
import type * as undici from "undici";
import * as lowest from "undici-lowest";
import * as old from "undici-old";
import { describe, expect, it } from "vitest";
import { startWireApi, type WireApi } from "./wire-session.ts";

type Undici = typeof undici;
const { Agent, Client, Pool, BalancedPool, MockAgent, RetryAgent, interceptors, request } = lowest as unknown as Undici;

const tokens = createTokenCache({ source: async () => ({ access_token: "token" }) });
const bearerOf = ({ origin }: WireApi): undici.Dispatcher.DispatcherComposeInterceptor => bearer(tokens, { origins: origin });
const status = async (call: Promise<undici.Dispatcher.ResponseData>): Promise<number> => {
  const { statusCode, body } = await call;
  await body.dump();
  return statusCode;
};

describe("undici 7, which does not tell an interceptor where its dispatcher sends to", () => {
  it.each<[string, (wire: WireApi) => undici.Dispatcher]>([
    ["an Agent", (wire) => new Agent().compose(bearerOf(wire))],
    [
      "an Agent behind redirect and retry",
      (wire) => new Agent().compose(interceptors.redirect({}), interceptors.retry({}), bearerOf(wire)),
    ],
    ["an Agent behind an interceptor that refuses other origins", (wire) => new Agent().compose(onlyTo(wire.origin), bearerOf(wire))],
    ["a RetryAgent", (wire) => new RetryAgent(new Agent()).compose(bearerOf(wire))],
  ])("%s sends where a request says, and has the token", async (_name, make) => {
    await using wire = await startWireApi(() => true);

    expect(await status(request(wire.origin, { dispatcher: make(wire) }))).toBe(200);

    expect(wire.requests.map(({ token, method, url }) => `${method} ${url} ${token}`)).toEqual(["GET / token"]);
  });

  it.each<[string, (origin: string) => undici.Dispatcher]>([
    ["a Client", (origin) => new Client(origin)],
    ["a Pool", (origin) => new Pool(origin)],
    ["a Pool behind redirect", (origin) => new Pool(origin).compose(interceptors.redirect({}))],
    ["a BalancedPool", (origin) => new BalancedPool([origin])],
    ["a RetryAgent over a Client", (origin) => new RetryAgent(new Client(origin))],
  ])("%s sends to its own origin, whatever a request says: composing is an error, and nothing is sent", async (_name, make) => {
    await using wire = await startWireApi(() => true);
    const elsewhere = make(wire.origin);

    expect(() => elsewhere.compose(bearer(tokens, { origins: "https://api.example.com" }))).toThrow(
      "compose: expected an Agent, or undici 8.12 or later, which tells where a Client or a Pool sends to",
    );

    expect(wire.requests).toHaveLength(0);
    await elsewhere.destroy();
  });

  it("a MockAgent can be composed", async () => {
    const mock = new MockAgent();
    mock.disableNetConnect();
    mock
      .get("https://api.example.com")
      .intercept({ path: "/", headers: { authorization: "Bearer token" } })
      .reply(200, "mocked");
    const dispatcher = mock.compose(bearer(tokens, { origins: "https://api.example.com" }));

    expect(await status(request("https://api.example.com/", { dispatcher }))).toBe(200);
  });
});

const onlyTo =
  (origin: string): undici.Dispatcher.DispatcherComposeInterceptor =>
  (dispatch) =>
  (options, handler) => {
    if (String(options.origin) !== origin) throw new Error(`Not allowed: ${String(options.origin)}`);
    return dispatch(options, handler);
  };

it("I133 undici 6 is an error when it is composed, and not a request without a token", () => {
  const { Agent: OldAgent, interceptors: oldInterceptors } = old as unknown as Undici;
  const ours = bearer(tokens, { origins: "https://api.example.com" });

  for (const beneath of [[], [oldInterceptors.redirect({ maxRedirections: 1 })]]) {
    expect(() => new OldAgent().compose(...beneath, ours)).toThrow("compose: expected undici 7 or later, got an older one.");
  }
});
