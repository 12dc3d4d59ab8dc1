import { axiosInstance, sendWith } from "./axios-base.ts";
import type { ClientContender } from "./client-contender.ts";

export const axiosStatic: ClientContender = {
  name: "static header",
  role: "floor",
  connect: (setting) => sendWith(axiosInstance(setting, { authorization: `Bearer ${setting.held.accessToken}` })),
};
