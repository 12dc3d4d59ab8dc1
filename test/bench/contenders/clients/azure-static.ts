import { createEmptyPipeline } from "@azure/core-rest-pipeline";
import { sendThrough } from "./azure-base.ts";
import type { ClientContender } from "./client-contender.ts";

export const azureStatic: ClientContender = {
  name: "static header",
  role: "floor",
  connect: (setting) => sendThrough(createEmptyPipeline(), setting, { authorization: `Bearer ${setting.held.accessToken}` }),
};
