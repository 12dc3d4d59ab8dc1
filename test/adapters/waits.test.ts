import { createTokenCache, type TokenCache, type TokenSource } from "@tokenflight/core";
import { bearer } from "@tokenflight/got";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import got, { type Got } from "got";
import gotLowestVersion from "got-lowest";
import { describe, expect, it } from "vitest";
import { waysOfUse, type ClientUnderTest, type CommonOptions, type Tokens } from "../clients/clients.ts";
import { startWireApi } from "./wire-session.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** got looks into its cache before it sends, so that a selector is waited for elsewhere. */
function gotWithCache(name: string, copy: Pick<Got, "extend">): ClientUnderTest {
  const connect: ClientUnderTest["connect"] = (tokens, origin, options = {}, { timeout } = {}) => {
    const api = copy.extend(
      { retry: { limit: 0 }, cache: new Map(), throwHttpErrors: false },
      bearer(tokens as Tokens, { origins: origin, ...options }),
    );
    return async ({ signal }) => {
      const { statusCode, body } = await api(origin, {
        ...(signal === undefined ? {} : { signal }),
        ...(timeout === undefined ? {} : { timeout: { request: timeout } }),
      });
      return { status: statusCode, body: body as string };
    };
  };
  return { name, connect } as ClientUnderTest;
}

const clients: readonly ClientUnderTest[] = [
  ...waysOfUse,
  gotWithCache("got with a cache", got),
  gotWithCache("got 14.4 with a cache", gotLowestVersion as unknown as Got),
];

/** Something that a request waits for and that never comes. `reach` tells that the request is there. */
interface Wait {
  readonly name: string;
  setUp(reach: () => void): { tokens: Tokens | Promise<Tokens>; options?: CommonOptions };
  /** For whom nobody waits there, and why. */
  readonly except?: Readonly<Record<string, string>>;
}

/** The token that the API refuses is "1". */
function countingTokens(source: TokenSource = never): TokenCache {
  let count = 0;
  return createTokenCache({
    async source(...given) {
      count += 1;
      return count === 1 ? { access_token: "1", expires_in: 3600 } : source(...given);
    },
  });
}
const second: TokenSource = async () => ({ access_token: "2", expires_in: 3600 });
const never = (): Promise<never> => new Promise(() => {});

async function refusedTokens(source?: TokenSource): Promise<TokenCache> {
  const tokens = countingTokens(source);
  await tokens.get();
  return tokens;
}

const isRefusal = ({ status, statusCode }: { status?: number; statusCode?: number }): boolean => (status ?? statusCode) === 401;
const streams = "a stream's response is its reader's before anybody has decided about it";
const noWait = { "got.stream": streams, "got.stream 14.4": streams };

const waits: readonly Wait[] = [
  {
    name: "a selector",
    setUp: (reach) => ({ tokens: () => (reach(), never()) }),
  },
  {
    name: "the first token",
    setUp: (reach) => ({ tokens: createTokenCache({ source: () => (reach(), never()) }) }),
  },
  {
    name: "a scheme",
    setUp: (reach) => ({ tokens: refusedTokens(second), options: { scheme: () => (reach(), never()) } }),
  },
  {
    name: "a scheme, behind the wait for a token",
    setUp: (reach) => ({ tokens: countingTokens(), options: { scheme: () => (reach(), never()) } }),
  },
  {
    name: "a predicate",
    setUp: (reach) => ({ tokens: refusedTokens(second), options: { refused: () => (reach(), never()) } }),
    except: noWait,
  },
  {
    name: "a renewal",
    setUp: (reach) => ({ tokens: refusedTokens(() => (reach(), never())) }),
    except: noWait,
  },
  {
    name: "the scheme of a replay",
    setUp: (reach) => ({
      tokens: refusedTokens(second),
      options: {
        scheme: ({ accessToken }) => (accessToken === "1" ? { authorization: "Bearer 1" } : (reach(), never())),
      },
    }),
    except: noWait,
  },
  {
    name: "a predicate about a replay",
    setUp: (reach) => ({
      tokens: refusedTokens(second),
      options: { refused: (response) => isRefusal(response) || (reach(), never()) },
    }),
    except: noWait,
  },
];

const cases = clients.flatMap((client) =>
  waits.filter(({ except = {} }) => except[client.name] === undefined).map((wait) => ({ client, wait, of: client.name, for: wait.name })),
);

it("every exception is one of a client that there is", () => {
  const names = new Set(clients.map(({ name }) => name));
  for (const { except = {} } of waits) for (const name of Object.keys(except)) expect(names).toContain(name);
});

// They wait most of their time.
describe.concurrent.each(cases)("$of, while it waits for $for", ({ client, wait }) => {
  it.each(["signal", "timeout"])("ends with the caller's %s, and sends nothing more", async (limit) => {
    await using api = await startWireApi(
      () => true,
      ({ token }) => ({ status: token === "1" ? 401 : 200 }),
    );
    const reached = Promise.withResolvers<void>();
    const { tokens, options } = wait.setUp(reached.resolve);
    const leaving = new AbortController();
    const send = client.connect(await tokens, api.origin, options, limit === "timeout" ? { timeout: 2000 } : {});
    const call = send(limit === "signal" ? { signal: leaving.signal } : {}).then(
      () => "answered",
      () => "ended",
    );
    expect(await Promise.race([reached.promise.then(() => "waits"), call])).toBe("waits");
    const sent = api.requests.length;
    // A promise that never settles holds none of those who wait for it: what ends the wait must be held by something else. What a weak reference has led to is
    // kept until the turn ends.
    await nextTurn();
    if (limit === "signal") collectGarbage();
    const began = performance.now();

    leaving.abort();

    expect(await call).toBe("ended");
    expect(performance.now() - began).toBeLessThan(limit === "signal" ? 900 : 4000);
    expect(api.requests).toHaveLength(sent);
  });
});
