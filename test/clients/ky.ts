import { bearer } from "@tokenflight/ky";
import ky, { type KyInstance, type Options } from "ky";
import { overFetchCookie } from "./fetch.ts";
import type { ClientUnderTest, Hook, Send, Setting } from "./client-under-test.ts";

type KyFetch = NonNullable<Options["fetch"]>;

function kyWith(name: string, given: Options, beneath?: () => KyFetch): ClientUnderTest {
  const create = (origin: string, { base, timeout, failure, hooks }: Setting = {}): KyInstance =>
    ky.create({
      ...(base === undefined ? { baseUrl: origin } : { prefix: origin + base }),
      timeout: timeout ?? false,
      throwHttpErrors: false,
      ...given,
      ...(beneath === undefined ? {} : { fetch: beneath() }),
      ...(failure === undefined ? {} : { fetch: (() => Promise.reject(failure)) as KyFetch }),
      ...hooksOf(hooks?.[0]),
    });

  const sender =
    (api: KyInstance, more: Options = {}): Send =>
    async ({ method = "GET", path = "/", body, headers = {}, asGiven, signal }) => {
      const options: Options = { method, headers: asGiven ? headers : { "x-client": name, ...headers }, ...more };
      if (body !== undefined) Object.assign(options, { body, duplex: "half" });
      if (signal !== undefined) options.signal = signal;
      const response = await api(path, options);
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
      return sender(withTokens.extend(hooksOf(setting.hooks?.[1])));
    },
    async detached(tokens, origin) {
      const api = create(origin);
      await sender(api.extend(bearer(tokens)))({});
      return sender(api);
    },
    withoutToken: (tokens, origin) => sender(create(origin).extend(bearer(tokens)), { fetch: globalThis.fetch as KyFetch }),
  };
}

function hooksOf(hook: Hook | undefined): Options {
  if (hook === undefined) return {};
  return {
    hooks: { beforeRequest: [() => hook("request")], afterResponse: [({ response }) => hook(`response ${response.status}`)] },
  };
}

export const kyAlone: ClientUnderTest = kyWith("ky", { retry: 0 });
export const kyWithRetries: ClientUnderTest = kyWith("ky with retries", { retry: { limit: 2, delay: () => 1 } });
export const kyOverFetchCookie: ClientUnderTest = kyWith("ky over fetch-cookie", { retry: 0 }, overFetchCookie as () => KyFetch);
