import { createRequire } from "node:module";
import { attachBearer } from "@tokenflight/axios";
import type { BearerOptions } from "@tokenflight/core";
import axios, { type AxiosError, type AxiosInstance, type AxiosResponse, type AxiosStatic, type CreateAxiosDefaults } from "axios";
import between from "axios-between";
import oldest from "axios-lowest";
import oldestWithFetch from "axios-lowest-with-fetch";
import type { Session } from "../end-to-end/session.ts";

const require = createRequire(import.meta.url);

/** Each copy of axios that a program may have beside the one that it was installed with. */
export const copies: readonly [name: string, copy: AxiosStatic][] = [
  ["the newest, imported", axios],
  ["the newest, required", require("axios") as AxiosStatic],
  ["1.7.0, imported", oldest as unknown as AxiosStatic],
  ["1.7.0, required", require("axios-lowest") as AxiosStatic],
  // Some of what it does with a URL is 1.7's, and some is 1.8.4's.
  ["1.8.1, imported", between as unknown as AxiosStatic],
  // The first one whose fetch adapter takes another fetch function.
  ["1.12.0, imported", oldestWithFetch as unknown as AxiosStatic],
];

/** What axios can send with in Node. */
export const adapters = ["http", "fetch"] as const;

/** An instance for the session's API, with the session's tokens attached. */
export function attachedTo(
  { api, tokens }: Session,
  config: CreateAxiosDefaults = {},
  options: BearerOptions<AxiosResponse> = {},
): AxiosInstance {
  const instance = axios.create({ baseURL: api.origin, ...config });
  attachBearer(instance, tokens, options);
  return instance;
}

/** The same instance without us: what axios itself does when somebody has set the header. */
export async function withStaticHeader({ api, tokens }: Session, config: CreateAxiosDefaults = {}): Promise<AxiosInstance> {
  const { accessToken } = await tokens.get();
  return axios.create({ baseURL: api.origin, ...config, headers: { ...config.headers, Authorization: `Bearer ${accessToken}` } });
}

/** From now on the API refuses the token that everybody has. */
export async function refuseToken({ server, tokens }: Session): Promise<void> {
  server.revokeAccessToken((await tokens.get()).accessToken);
}

/** What a request that must fail fails with. */
export async function rejectionOf(request: Promise<unknown>): Promise<AxiosError> {
  const [outcome] = await Promise.allSettled([request]);
  if (outcome.status === "fulfilled") throw new Error("The request succeeded.");
  return outcome.reason as AxiosError;
}
