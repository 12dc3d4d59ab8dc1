import axios, { type AxiosAdapter } from "axios";
import { axiosInstance, sendWith } from "./axios-base.ts";
import type { ClientContender } from "./client-contender.ts";

/** An adapter around the adapter and nothing else: no origin check, no private copy, no replay, and the token in every error. */
export const axiosBareWrapper: ClientContender = {
  name: "bare wrapped adapter",
  role: "reference",
  connect(setting) {
    const instance = axiosInstance(setting);
    const { accessToken, expiresAt } = setting.held;
    const inner = axios.getAdapter(instance.defaults.adapter ?? "http");
    const wrapped: AxiosAdapter = (config) => {
      if (Date.now() < expiresAt) config.headers["authorization"] = `Bearer ${accessToken}`;
      return inner(config) as ReturnType<AxiosAdapter>;
    };
    instance.defaults.adapter = wrapped;
    return sendWith(instance);
  },
};
