import { createAuthRefresh } from "axios-auth-refresh";
import { requestRefresh } from "../request-refresh.ts";
import { axiosInstance, sendWith } from "./axios-base.ts";
import type { ClientContender } from "./client-contender.ts";

/** As its README sets it up. It looks at answers only, so that a token that is over by the clock is sent once more. */
export const axiosAuthRefresh: ClientContender = {
  name: "axios-auth-refresh",
  role: "peer",
  connect(setting) {
    const instance = axiosInstance(setting);
    let { held } = setting;
    instance.interceptors.request.use((config) => {
      config.headers.set("Authorization", `Bearer ${held.accessToken}`);
      return config;
    });
    // It is typed by axios's CommonJS types, which are others.
    createAuthRefresh(instance as unknown as Parameters<typeof createAuthRefresh>[0], async () => {
      held = await requestRefresh(setting.tokenEndpoint, held.refreshToken);
    });
    return sendWith(instance);
  },
};
