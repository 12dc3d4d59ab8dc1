import { bearer } from "@tokenflight/ky";
import ky, { type KyInstance, type Options } from "ky";
import type { ClientUnderTest, Send } from "./client-under-test.ts";

function kyWith(name: string, given: Options): ClientUnderTest {
  const create = (baseUrl: string): KyInstance => ky.create({ baseUrl, timeout: false, throwHttpErrors: false, ...given });

  const sender =
    (api: KyInstance, more: Options = {}): Send =>
    async ({ method = "GET", path = "/", body, headers = {}, signal }) => {
      const options: Options = { method, headers: { "x-client": name, ...headers }, ...more };
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
    connect: (tokens, origin, options = {}) =>
      sender(tokens === undefined ? create(origin) : create(origin).extend(bearer(tokens, options))),
    withoutToken: (tokens, origin) =>
      sender(create(origin).extend(bearer(tokens)), { fetch: globalThis.fetch as NonNullable<Options["fetch"]> }),
  };
}

export const kyAlone: ClientUnderTest = kyWith("ky", { retry: 0 });
export const kyWithRetries: ClientUnderTest = kyWith("ky with retries", { retry: { limit: 2, delay: () => 1 } });
