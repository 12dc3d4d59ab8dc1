import { attachBearer } from "@tokenflight/axios";
import type { AdapterEvent, TokenCache } from "@tokenflight/core";
import { bearer as gotBearer } from "@tokenflight/got";
import { bearer as kyBearer } from "@tokenflight/ky";
import axios, { type AxiosInstance } from "axios";
import got, { type ExtendOptions } from "got";
import ky, { type Options } from "ky";
import { describe, expect, it } from "vitest";
import { countingTokens, refusing, startRecordingApi } from "../contract/scenarios/recording-api.ts";

type Observe = (event: AdapterEvent) => void;
type Call = (tokens: TokenCache, origin: string, observe: Observe) => Promise<unknown>;

/** A name of this machine that is another origin. */
const elsewhere = (origin: string): string => origin.replace("127.0.0.1", "localhost");

const attached = (tokens: TokenCache, origins: string, observe: Observe): AxiosInstance => {
  const instance = axios.create({ baseURL: origins, validateStatus: null });
  attachBearer(instance, tokens, { observe });
  return instance;
};
const withGot =
  (before: (origin: string) => ExtendOptions, after: (origin: string) => ExtendOptions = () => ({})): Call =>
  (tokens, origin, observe) => {
    const common: ExtendOptions = { prefixUrl: origin, retry: { limit: 0 }, throwHttpErrors: false };
    return got.extend({ ...common, ...before(origin) }, gotBearer(tokens, { origins: origin, observe })).extend(after(origin))("orders");
  };
const withKy =
  (before: (origin: string) => Options, after: (origin: string) => Options = () => ({})): Call =>
  async (tokens, origin, observe) => {
    const common: Options = { prefix: origin, retry: 0, throwHttpErrors: false };
    return ky
      .create({ ...common, ...before(origin) })
      .extend(kyBearer(tokens, { observe }))
      .extend(after(origin))("orders");
  };

const own = { authorization: "Bearer left-over" };

/** Settings by which every request of a client goes without a token, although nothing in the call says so. */
const settings: [name: string, reason: string, call: Call][] = [
  [
    "axios, another baseURL set after attaching",
    "origin",
    (tokens, origin, observe) => {
      const instance = attached(tokens, origin, observe);
      instance.defaults.baseURL = elsewhere(origin);
      return instance.get("/orders");
    },
  ],
  [
    "axios, Authorization left in the defaults of all methods",
    "own-credentials",
    (tokens, origin, observe) => {
      const instance = attached(tokens, origin, observe);
      instance.defaults.headers.common["Authorization"] = own.authorization;
      return instance.get("/orders");
    },
  ],
  [
    "axios, auth left in the defaults",
    "own-credentials",
    (tokens, origin, observe) => {
      const instance = attached(tokens, origin, observe);
      instance.defaults.auth = { username: "left", password: "over" };
      return instance.get("/orders");
    },
  ],
  [
    "got, another prefixUrl of a child",
    "origin",
    withGot(
      () => ({}),
      (origin) => ({ prefixUrl: elsewhere(origin) }),
    ),
  ],
  ["got, authorization left in the parent", "own-credentials", withGot(() => ({ headers: own }))],
  ["got, a username left in the parent", "own-credentials", withGot(() => ({ username: "left", password: "over" }))],
  [
    "ky, another prefix of a child",
    "origin",
    withKy(
      () => ({}),
      (origin) => ({ prefix: elsewhere(origin) }),
    ),
  ],
  ["ky, authorization left in the parent", "own-credentials", withKy(() => ({ headers: own }))],
];

describe("field line 126: what keeps the token off every request is told, and by its reason", () => {
  it.each(settings)("%s: %s", async (_name, reason, call) => {
    await using api = await startRecordingApi(refusing());
    const tokens = countingTokens();
    await tokens.get();
    const events: AdapterEvent[] = [];

    await call(tokens, api.origin, (event) => void events.push(event));

    expect(api.arrivals.map(({ headers }) => headers.authorization === "Bearer 1")).toEqual([false]);
    const origin = reason === "origin" ? elsewhere(api.origin) : api.origin;
    expect(events).toEqual([{ type: "request-without-token", origin, reason }]);
  });
});
