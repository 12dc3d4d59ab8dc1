import { Readable } from "node:stream";
import type { ReadableStream as WebStream } from "node:stream/web";
import { bearer } from "@tokenflight/got";
import got, {
  type ExtendOptions,
  type Got,
  type OptionsOfTextResponseBody,
  type RequestFunction,
  type HTTPError,
  type Response,
} from "got";
import gotLowestVersion from "got-lowest";
import type { ClientUnderTest, CommonOptions, Hook, Outgoing, Send, Setting, Tokens } from "./client-under-test.ts";

/** The lowest version, and with it another copy of got than the adapter's own peer. */
const lowest = gotLowestVersion as unknown as Got;

/** got takes no relative URLs without a prefix, and no slash behind one. */
const target = (path: string, origin: string, { base }: Setting = {}): string =>
  base === undefined ? (URL.parse(path, origin)?.href ?? path) : path.slice(1);

type Ask = (api: Got, url: string, request: OptionsOfTextResponseBody) => Promise<{ status: number; body: string }>;

function gotWith(
  name: string,
  own: ExtendOptions,
  ask: Ask,
  more: Record<string, string> = {},
  copy: Pick<Got, "extend"> = got,
): ClientUnderTest {
  const differences = {
    I112b: "got reads a body when it begins to send, a moment after the call, with tokens and without",
    ...more,
  };
  const sender =
    (api: Got, origin: string, setting?: Setting): Send =>
    ({ path = "/", ...outgoing }) =>
      ask(api, target(path, origin, setting), requestOf(outgoing, name, copy === lowest));

  const create = (origin: string, { base, timeout, failure, hooks }: Setting = {}): Got => {
    const fail: RequestFunction = () => {
      throw failure;
    };
    return copy.extend(
      { retry: { limit: 0 }, ...own },
      base === undefined ? {} : { prefixUrl: origin + base },
      timeout === undefined ? {} : { timeout: { request: timeout } },
      failure === undefined ? {} : { request: fail },
      hooksOf(hooks?.[0]),
    );
  };

  const attached = (api: Got, tokens: Tokens | undefined, origin: string, options: CommonOptions = {}): Got =>
    tokens === undefined ? api : api.extend(bearer(tokens, { origins: origin, ...options }));

  return {
    name,
    differences,
    connect: (tokens, origin, options, setting = {}) =>
      sender(attached(create(origin, setting), tokens, origin, options).extend(hooksOf(setting.hooks?.[1])), origin, setting),
    async detached(tokens, origin) {
      const api = create(origin);
      await sender(attached(api, tokens, origin), origin)({});
      return sender(api, origin);
    },
    withoutToken: (tokens, origin) =>
      sender(attached(create(origin), tokens, origin).extend({ headers: { authorization: undefined } }), origin),
  };
}

function requestOf(
  { method = "GET", body, headers = {}, asGiven, signal }: Outgoing,
  name: string,
  isLowest: boolean,
): OptionsOfTextResponseBody {
  const request: OptionsOfTextResponseBody = { method, headers: asGiven ? headers : { "x-client": name, ...headers } };
  // The lowest version takes Node's streams only.
  if (body instanceof ReadableStream && isLowest) request.body = Readable.fromWeb(body as WebStream);
  else if (body !== undefined) request.body = body as string;
  if (signal !== undefined) request.signal = signal;
  return request;
}

function hooksOf(hook: Hook | undefined): ExtendOptions {
  if (hook === undefined) return {};
  return {
    hooks: {
      beforeRequest: [() => hook("request")],
      afterResponse: [
        (response) => {
          hook(`response ${response.statusCode}`);
          return response;
        },
      ],
    },
  };
}

const askOnce: Ask = async (api, url, request) => {
  const { statusCode, body } = (await api(url, request)) as Response<string>;
  return { status: statusCode, body };
};

export const gotPromise: ClientUnderTest = gotWith("got", { throwHttpErrors: false }, askOnce);

export const gotPagination: ClientUnderTest = gotWith("got with pagination", { throwHttpErrors: false }, async (api, url, request) => {
  const transform = ({ statusCode, body }: Response<string>): { status: number; body: string }[] => [{ status: statusCode, body }];
  const pages = api.paginate<{ status: number; body: string }, string>(url, {
    ...request,
    pagination: { transform, paginate: () => false },
  } as never);
  for await (const page of pages) return page;
  throw new Error("There was no page.");
});

const noReplay = "got gives a stream's response to its reader before any hook could replay it";

const readStream: Ask = async (api, url, request) => {
  const stream = api.stream(url, request as never);
  try {
    let body = "";
    for await (const chunk of stream) body += String(chunk);
    return { status: stream.response?.statusCode ?? 0, body };
  } catch (error) {
    const { name, response } = error as HTTPError;
    if (name === "HTTPError") return { status: response.statusCode, body: String((response.body as string | undefined) ?? "") };
    throw error;
  }
};

const streamDifferences = Object.fromEntries(
  ["A5", "C31", "C32", "C33", "C34", "C35", "C47", "C49", "C51", "D55", "D56", "D57", "D58", "D62", "C45", "I112c", "I126"].map((id) => [
    id,
    noReplay,
  ]),
);

export const gotStream: ClientUnderTest = gotWith("got.stream", {}, readStream, streamDifferences);

export const gotLowest: ClientUnderTest = gotWith(
  "got 14.4",
  { throwHttpErrors: false },
  askOnce,
  { I112c: "got before 15.1 can read a form once, so that its 401 stays; bytes are sent again" },
  lowest,
);
export const gotLowestStream: ClientUnderTest = gotWith(
  "got.stream 14.4",
  {},
  readStream,
  { ...streamDifferences, I122: "a stream of got 14.4 does not end when its POST is answered with a 303, with tokens and without" },
  lowest,
);
