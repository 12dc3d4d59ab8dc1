import { createAuthRefresh } from "axios-auth-refresh";
import { requestRefresh } from "../request-refresh.ts";
import { axiosInstance, sendWith } from "./axios-base.ts";
import type { ClientContender, Send, Setting } from "./client-contender.ts";

/** As its README sets it up. It looks at answers only, so that a token that is over by the clock is sent once more. */
export const axiosAuthRefresh: ClientContender = {
  name: "axios-auth-refresh",
  role: "peer",
  connect: (setting) => connectWith(setting, {}),
};

/** The same with the option that its README has for refusals that are to be handled one by one. */
export const axiosAuthRefreshEach: ClientContender = {
  name: "axios-auth-refresh, `deduplicateRefresh: false`",
  role: "peer",
  connect: (setting) => connectWith(setting, { deduplicateRefresh: false }),
};

function connectWith(setting: Setting, options: NonNullable<Parameters<typeof createAuthRefresh>[2]>): Send {
  const instance = axiosInstance(setting);
  let { held } = setting;
  instance.interceptors.request.use((config) => {
    config.headers.set("Authorization", `Bearer ${held.accessToken}`);
    return config;
  });
  const refresh = async (): Promise<void> => {
    held = await requestRefresh(setting.tokenEndpoint, held.refreshToken);
  };
  // It is typed by axios's CommonJS types, which are others.
  createAuthRefresh(instance as unknown as Parameters<typeof createAuthRefresh>[0], refresh, options);
  return sendWith(instance);
}
