import { attachBearer } from "@tokenflight/axios";
import type { TokenCache } from "@tokenflight/core";
import { bearer as gotBearer } from "@tokenflight/got";
import { bearer as kyBearer } from "@tokenflight/ky";
import axios from "axios";
import got from "got";
import ky from "ky";

/** Posts a body to the API and resolves to the body that the API says it got. Rejects as the client does. */
export type Call = (body: string) => Promise<string>;

export const clientNames = ["axios", "got", "ky"] as const;
export type ClientName = (typeof clientNames)[number];

/** The three clients with one token cache. None of them retries anything by itself, so that what fails is seen. */
export function connectClients(tokens: TokenCache, origin: string): Record<ClientName, Call> {
  const byAxios = axios.create({ baseURL: origin, headers: { "x-client": "axios" } });
  attachBearer(byAxios, tokens);
  const byGot = got.extend(gotBearer(tokens, { origins: origin }), { headers: { "x-client": "got" }, retry: { limit: 0 } });
  const byKy = ky.create({ prefix: origin, headers: { "x-client": "ky" }, retry: 0, timeout: false }).extend(kyBearer(tokens));

  return {
    axios: async (body) => (await byAxios.post<{ body: string }>("/echo", body, { headers: { "content-type": "text/plain" } })).data.body,
    got: async (body) => (await byGot.post(`${origin}/echo`, { body }).json<{ body: string }>()).body,
    ky: async (body) => (await byKy.post("echo", { body }).json<{ body: string }>()).body,
  };
}

/** The HTTP status that a client's error carries, in whichever way the client shows it. */
export function statusOf(error: unknown): number | undefined {
  const { response } = error as { response?: { status?: number; statusCode?: number } };
  return response?.status ?? response?.statusCode;
}
