import { bearer } from "@tokenflight/got";
import got, { HTTPError, type Got, type OptionsOfTextResponseBody, type Response } from "got";
import type { ClientUnderTest, Outgoing, Send } from "./client-under-test.ts";

/** got takes no relative URLs without a prefix. */
const absolute = (path: string, origin: string): string => URL.parse(path, origin)?.href ?? path;

const sender =
  (api: Got, origin: string, name: string): Send =>
  async ({ path = "/", ...outgoing }) => {
    const response = (await api(absolute(path, origin), requestOf(outgoing, name))) as Response<string>;
    return { status: response.statusCode, body: response.body };
  };

function requestOf({ method = "GET", body, headers = {}, signal }: Outgoing, name: string): OptionsOfTextResponseBody {
  const request: OptionsOfTextResponseBody = { method, headers: { "x-client": name, ...headers } };
  if (body !== undefined) request.body = body;
  if (signal !== undefined) request.signal = signal;
  return request;
}

const plain = got.extend({ throwHttpErrors: false, retry: { limit: 0 } });

export const gotPromise: ClientUnderTest = {
  name: "got",
  connect: (tokens, origin, options = {}) =>
    sender(tokens === undefined ? plain : plain.extend(bearer(tokens, { origins: origin, ...options })), origin, "got"),
  withoutToken: (tokens, origin) => {
    const api = plain.extend(bearer(tokens, { origins: origin }));
    return ({ headers = {}, ...request }) =>
      sender(api.extend({ headers: { authorization: undefined } }), origin, "got")({ headers, ...request });
  },
};

export const gotPagination: ClientUnderTest = {
  ...gotPromise,
  name: "got with pagination",
  connect(tokens, origin, options = {}) {
    const api = tokens === undefined ? plain : plain.extend(bearer(tokens, { origins: origin, ...options }));
    return async ({ path = "/", ...outgoing }) => {
      const transform = (response: Response<string>): { status: number; body: string }[] => [
        { status: response.statusCode, body: response.body },
      ];
      const pages = api.paginate<{ status: number; body: string }, string>(absolute(path, origin), {
        ...requestOf(outgoing, "got with pagination"),
        pagination: { transform, paginate: () => false },
      } as never);
      for await (const page of pages) return page;
      throw new Error("There was no page.");
    };
  },
};

export const gotStream: ClientUnderTest = {
  ...gotPromise,
  name: "got.stream",
  differences: Object.fromEntries(
    ["C31", "C32", "C34", "C35", "C51", "D55"].map((id) => [
      id,
      "got gives a stream's response to its reader before any hook could replay it",
    ]),
  ),
  connect(tokens, origin, options = {}) {
    const api = got.extend({ retry: { limit: 0 } }, tokens === undefined ? {} : bearer(tokens, { origins: origin, ...options }));
    return async ({ path = "/", ...outgoing }) => {
      const request = requestOf(outgoing, "got.stream");
      const stream = api.stream(absolute(path, origin), request as never);
      try {
        let body = "";
        for await (const chunk of stream) body += String(chunk);
        return { status: stream.response?.statusCode ?? 0, body };
      } catch (error) {
        if (error instanceof HTTPError) return { status: error.response.statusCode, body: String(error.response.body ?? "") };
        throw error;
      }
    };
  },
};
