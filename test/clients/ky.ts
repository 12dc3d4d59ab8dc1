import { bearer } from "@tokenflight/ky";
import ky, { type Hooks, type KyInstance, type Options } from "ky";
import lowestVersion from "ky-lowest";
import { overFetchCookie } from "./fetch.ts";
import type { ClientUnderTest, Hook, Send, Setting } from "./client-under-test.ts";

type KyFetch = NonNullable<Options["fetch"]>;

/** A version of ky, in its own words where they differ. */
interface Version {
  readonly ky: Pick<KyInstance, "create">;
  readonly at: (origin: string, base: string | undefined) => Options;
  readonly input: (path: string, origin: string, base: string | undefined) => string | URL;
  readonly hooksOf: (hook: Hook) => Hooks;
}

const newest: Version = {
  ky,
  at: (origin, base) => (base === undefined ? { baseUrl: origin } : { prefix: origin + base }),
  input: (path) => path,
  hooksOf: (hook) => ({
    beforeRequest: [() => hook("request")],
    afterResponse: [({ response }) => hook(`response ${response.status}`)],
  }),
};

const lowest: Version = {
  ky: lowestVersion as unknown as KyInstance,
  at: (origin, base = "") => ({ prefixUrl: origin + base }) as Options,
  // A prefix stands before every string, and no string may begin with a slash.
  input: (path, origin, base) => (base === undefined ? (URL.parse(path, origin) ?? path) : path.slice(1)),
  hooksOf: (hook) => ({
    beforeRequest: [() => hook("request")],
    afterResponse: [((_request: Request, _options: Options, response: Response) => hook(`response ${response.status}`)) as () => void],
  }),
};

function kyWith(name: string, given: Options, beneath?: () => KyFetch, version = newest): ClientUnderTest {
  const hooksOf = (hook: Hook | undefined): Options => (hook === undefined ? {} : { hooks: version.hooksOf(hook) });

  const create = (origin: string, { base, timeout, failure, hooks }: Setting = {}): KyInstance =>
    version.ky.create({
      ...version.at(origin, base),
      timeout: timeout ?? false,
      throwHttpErrors: false,
      ...given,
      ...(beneath === undefined ? {} : { fetch: beneath() }),
      ...(failure === undefined ? {} : { fetch: (() => Promise.reject(failure)) as KyFetch }),
      ...hooksOf(hooks?.[0]),
    });

  const sender =
    (api: KyInstance, origin: string, { base }: Setting = {}, more: Options = {}): Send =>
    async ({ method = "GET", path = "/", body, headers = {}, asGiven, signal }) => {
      const options: Options = { method, headers: asGiven ? headers : { "x-client": name, ...headers }, ...more };
      if (body !== undefined) Object.assign(options, { body, duplex: "half" });
      if (signal !== undefined) options.signal = signal;
      const response = await api(version.input(path, origin, base), options);
      return { status: response.status, body: await response.text() };
    };

  return {
    name,
    differences: {
      D59: "ky puts every body into a Request, and a stream inside a Request is copied while it is sent, so it can be sent again",
    },
    connect(tokens, origin, options = {}, setting = {}) {
      const api = create(origin, setting);
      const withTokens = tokens === undefined ? api : api.extend(bearer(tokens, options));
      return sender(withTokens.extend(hooksOf(setting.hooks?.[1])), origin, setting);
    },
    async detached(tokens, origin) {
      const api = create(origin);
      await sender(api.extend(bearer(tokens)), origin)({});
      return sender(api, origin);
    },
    withoutToken: (tokens, origin) => sender(create(origin).extend(bearer(tokens)), origin, {}, { fetch: globalThis.fetch as KyFetch }),
  };
}

export const kyAlone: ClientUnderTest = kyWith("ky", { retry: 0 });
export const kyWithRetries: ClientUnderTest = kyWith("ky with retries", { retry: { limit: 2, delay: () => 1 } });
export const kyOverFetchCookie: ClientUnderTest = kyWith("ky over fetch-cookie", { retry: 0 }, overFetchCookie as () => KyFetch);

/** The oldest version of the peer range. */
export const kyLowest: ClientUnderTest = kyWith("ky 1.7", { retry: 0 }, undefined, lowest);
