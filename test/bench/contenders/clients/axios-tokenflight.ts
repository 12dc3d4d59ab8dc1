import { attachBearer } from "@tokenflight/axios";
import { cacheWith } from "../tokenflight.ts";
import { axiosInstance, sendWith } from "./axios-base.ts";
import type { ClientContender } from "./client-contender.ts";

export const axiosTokenflight: ClientContender = {
  name: "tokenflight",
  role: "ours",
  async connect(setting) {
    const instance = axiosInstance(setting);
    attachBearer(instance, await cacheWith(setting.held, setting.tokenEndpoint));
    return sendWith(instance);
  },
};
