import { attachBearer } from "@tokenflight/axios";
import { createTokenCache, InvalidOptionError } from "@tokenflight/core";
import { bearer as fetchBearer } from "@tokenflight/fetch";
import { bearer as gotBearer } from "@tokenflight/got";
import { bearer as kyBearer } from "@tokenflight/ky";
import { createOAuthClient, noClientAuth } from "@tokenflight/oauth";
import { bearer as undiciBearer } from "@tokenflight/undici";
import axios from "axios";
import got from "got";
import ky from "ky";
import { Agent } from "undici";
import { describe, expect, it } from "vitest";
import { tokenErrorIn, waysOfUse, type CommonOptions } from "../clients/clients.ts";

const source = async (): Promise<{ access_token: string }> => ({ access_token: "token" });
const tokens = createTokenCache({ source });

/** What JavaScript callers can do and TypeScript would not let them. */
const anything = <Wanted>(value: unknown): Wanted => value as Wanted;

interface Attaching {
  readonly name: string;
  readonly attach: (options?: CommonOptions, given?: unknown) => unknown;
}

const adapters: Attaching[] = [
  { name: "axios", attach: (options, given = tokens) => attachBearer(axios.create(), anything(given), options) },
  { name: "got", attach: (options, given = tokens) => got.extend(gotBearer(anything(given), options)) },
  { name: "fetch", attach: (options, given = tokens) => fetchBearer(anything(given), anything(options))(globalThis.fetch) },
  { name: "undici", attach: (options, given = tokens) => new Agent().compose(undiciBearer(anything(given), anything(options))) },
  { name: "ky", attach: (options, given = tokens) => ky.extend(kyBearer(anything(given), options)) },
];

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe.each(adapters)("$name", ({ attach }) => {
  it.each([
    [
      "no origin",
      undefined,
      'origins: expected at least one origin that may have the token, such as "https://api.example.com", got nothing.',
    ],
    ["an empty list of origins", { origins: [] }, "got an empty array."],
    [
      "http to another machine",
      { origins: "http://api.example.com" },
      'origins: expected https origins, or http to this machine (localhost, 127.0.0.1, [::1]) or to what allowInsecureOrigins names, got "http://api.example.com".',
    ],
    ["an origin with a path", { origins: "https://api.example.com/v1" }, "got one with a path, a query or a fragment."],
    ["something that is no URL", { origins: "api.example.com" }, 'got "api.example.com".'],
    [
      "an unknown option",
      anything<CommonOptions>({ origins: "https://a.example", orgins: 1 }),
      "options.orgins: expected one of origins, allowInsecureOrigins, replay, refused, scheme, loggedOut, placeholder, observe, got an unknown option (did you mean origins?).",
    ],
    [
      "replay twice",
      anything<CommonOptions>({ origins: "https://a.example", replay: "twice" }),
      'replay: expected "once" or "never", got a string of 5 characters.',
    ],
    [
      "a refused that is no function",
      anything<CommonOptions>({ origins: "https://a.example", refused: 401 }),
      "refused: expected a function, got 401.",
    ],
  ])("%s is an error that says what was expected and what came", (_name, options, message) => {
    const error = thrownBy(() => attach(options));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect((error as Error).message).toContain(message);
  });

  it.each([null, {}, "token", 7])("tokens that are no token cache are an error: %s", (given) => {
    const error = thrownBy(() => attach({ origins: "https://a.example" }, given));
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option: "tokens" });
  });
});

it("a token cache and an OAuth client check their options, too", () => {
  const good = { tokenEndpoint: "https://login.example.com/token", clientId: "id", clientAuth: noClientAuth() };
  const wrong: [() => unknown, string][] = [
    [() => createTokenCache(anything({})), "source: expected a function, got nothing."],
    [
      () => createTokenCache({ source, freshness: { defaultLifetime: -1 } }),
      "freshness.defaultLifetime: expected a number of seconds, zero or more, got -1.",
    ],
    [() => createTokenCache(anything({ source, sorce: 1 })), "createTokenCache.sorce: expected one of source, key, observe, store,"],
    [() => createOAuthClient({ ...good, clientId: "" }), "clientId"],
    [() => createOAuthClient({ ...good, tokenEndpoint: "http://login.example.com/token" }), "tokenEndpoint"],
    [() => createOAuthClient({ ...good, timeout: -1 }), "timeout"],
  ];
  for (const [work, message] of wrong) {
    const error = thrownBy(work);
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect((error as Error).message).toContain(message);
  }
});

it("F76 attaching tokens twice to one axios or ky instance is an error; detaching makes room", () => {
  const instance = axios.create({ baseURL: "https://api.example.com" });
  const detach = attachBearer(instance, tokens);
  expect(() => attachBearer(instance, tokens)).toThrow("detach the other ones first");
  detach();
  attachBearer(instance, tokens)();

  const child = ky.create({ prefix: "https://api.example.com" }).extend(kyBearer(tokens));
  expect(() => child.extend(kyBearer(tokens))).toThrow("a ky instance without bearer tokens");
});

describe.each(waysOfUse)("$name: what a function of the caller's gives is checked when it is asked", ({ connect }) => {
  const send = (given: unknown, options: CommonOptions = {}): Promise<unknown> =>
    connect(anything(given), "https://api.example.com", options)({}).catch((error: unknown) => error);

  it("tokens that are none, at once or later", async () => {
    for (const given of [() => null, () => "token", () => ({}), async () => null, async () => "token", async () => ({})]) {
      expect(tokenErrorIn(await send(given))).toMatchObject({
        code: "ERR_INVALID_OPTION",
        message: expect.stringMatching(/^tokens: expected a function that gives a token cache, or undefined for none, got /) as string,
      });
    }
  });

  it("a scheme that gives nothing, or no header", async () => {
    for (const given of [undefined, "Bearer token", { authorization: undefined }, { authorization: "two\r\nlines: 1" }]) {
      for (const scheme of [() => given, async () => given]) {
        const error = tokenErrorIn(await send(tokens, { scheme: anything(scheme) }));
        expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option: "scheme" });
      }
    }
  });
});
