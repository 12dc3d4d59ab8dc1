import { isAxiosError, type InternalAxiosRequestConfig } from "axios";
import type { HeldToken } from "../held-token.ts";
import { requestRefresh } from "../request-refresh.ts";
import { axiosInstance, sendWith } from "./axios-base.ts";
import type { ClientContender } from "./client-contender.ts";

/** What tutorials teach: a request interceptor that puts the token on, a response interceptor that refreshes once and sends again. */
export const axiosTextbook: ClientContender = {
  name: "textbook interceptors",
  role: "peer",
  connect(setting) {
    const instance = axiosInstance(setting);
    let held = setting.held;
    let refreshing: Promise<HeldToken> | undefined;
    const refresh = async (): Promise<void> => {
      refreshing ??= requestRefresh(setting.tokenEndpoint, held.refreshToken);
      try {
        held = await refreshing;
      } finally {
        refreshing = undefined;
      }
    };
    instance.interceptors.request.use(async (config) => {
      if (Date.now() >= held.expiresAt) await refresh();
      config.headers.set("Authorization", `Bearer ${held.accessToken}`);
      return config;
    });
    instance.interceptors.response.use(undefined, async (error: unknown) => {
      const config = isAxiosError(error) ? (error.config as (InternalAxiosRequestConfig & { again?: boolean }) | undefined) : undefined;
      if (config === undefined || config.again === true || !isAxiosError(error) || error.response?.status !== 401) throw error;
      config.again = true;
      await refresh();
      return instance(config);
    });
    return sendWith(instance);
  },
};
