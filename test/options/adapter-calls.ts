import axios, { type InternalAxiosRequestConfig } from "axios";
import got from "got";
import ky from "ky";
import type { Dispatcher } from "undici";
import { attachBearer } from "@tokenflight/axios";
import type { TokenCache } from "@tokenflight/core";
import { bearer as fetchBearer } from "@tokenflight/fetch";
import { bearer as gotBearer } from "@tokenflight/got";
import { bearer as kyBearer } from "@tokenflight/ky";
import { bearer as undiciBearer } from "@tokenflight/undici";
import { bare, origin, type Calls } from "./call-parts.ts";

/** Accepts the second token only, so that each call is refused once, renewed and replayed. */
const statusFor = (authorization: unknown): number => (String(authorization) === "Bearer T2" ? 200 : 401);

async function throughUndici(): Promise<unknown> {
  const sent: unknown[] = [];
  const statuses: number[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const dispatch: Dispatcher.Dispatch = (options, handler) => {
    const { authorization } = options.headers as Record<string, string>;
    sent.push([authorization, Object.keys(options).toSorted()]);
    const controller = { aborted: false, paused: false, reason: null, abort() {}, pause() {}, resume() {} } as never;
    handler.onRequestStart?.(controller, null);
    handler.onResponseStart?.(controller, statusFor(authorization), {}, "");
    handler.onResponseEnd?.(controller, {});
    return true;
  };
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart() {},
    onResponseStart: (_controller, status) => void statuses.push(status),
    onResponseEnd: () => resolve(),
    onResponseError: (_controller, error) => reject(error),
  };
  undiciBearer(bare(), { origins: origin })(dispatch)({ origin, path: "/", method: "GET" }, handler);
  await promise;
  return [sent, statuses];
}

async function throughGot(): Promise<unknown> {
  const instance = got.extend(gotBearer(bare(), { origins: origin }), { handlers: [] });
  return instance.defaults.handlers.length;
}

function attempt(work: () => unknown): string {
  try {
    work();
    return "done";
  } catch (error) {
    return String(error);
  }
}

export const adapterCalls: Calls = {
  "fetch: a call that is refused once": async () => {
    const sent: unknown[] = [];
    const send = fetchBearer(bare(), { origins: origin })(async (_input: string, init?: RequestInit) => {
      sent.push(Object.keys(init ?? {}).toSorted());
      return new Response("", { status: statusFor(new Headers(init?.headers).get("authorization")) });
    });
    return [(await send(origin)).status, (await send(origin, {})).status, sent];
  },
  "ky: a call that is refused once": async () => {
    const sent: unknown[] = [];
    const instance = ky
      .create({
        fetch: async (input, init) => {
          const status = statusFor(new Headers(init?.headers ?? (input as Request).headers).get("authorization"));
          sent.push(status);
          return new Response("", { status });
        },
      })
      .extend(kyBearer(bare(), { origins: origin }));
    return [(await instance.get(`${origin}/`)).status, sent];
  },
  "ky: a token cache selector": async () => {
    const tokens = bare();
    const contexts: unknown[] = [];
    const select = ({ context: given }: { context: object }): TokenCache => {
      contexts.push(Object.keys(given));
      return tokens;
    };
    const instance = ky.create({ fetch: async () => new Response("") }).extend(kyBearer(select, { origins: origin }));
    return [(await instance.get(`${origin}/`)).status, contexts];
  },
  "ky: the default of its origins": () => String(kyBearer(bare())({ prefix: `${origin}/v1/` }) !== undefined),
  "axios: a call that is refused once": async () => {
    const sent: unknown[] = [];
    const adapter = async (config: InternalAxiosRequestConfig): Promise<never> => {
      const status = statusFor(config.headers.get("authorization"));
      sent.push([status, Object.keys(config).toSorted(), config.timeout]);
      return { data: "", status, statusText: "", headers: {}, config, request: {} } as never;
    };
    const instance = axios.create({ baseURL: origin, adapter });
    const detach = attachBearer(instance, bare());
    const { status } = await instance.get("/");
    detach();
    return [status, sent];
  },
  "axios: the default of its origins": () => {
    const instance = axios.create();
    return attempt(() => attachBearer(instance, bare()));
  },
  "undici: a call that is refused once": throughUndici,
  "got: an extension": throughGot,
};
