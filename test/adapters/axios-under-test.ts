import { attachBearer } from "@tokenflight/axios";
import type { BearerOptions } from "@tokenflight/core";
import axios, { type AxiosError, type AxiosInstance, type AxiosResponse, type CreateAxiosDefaults } from "axios";
import type { Session } from "../end-to-end/session.ts";

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
