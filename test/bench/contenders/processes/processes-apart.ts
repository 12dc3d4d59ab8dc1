import { fetchBadgateway } from "../clients/fetch-badgateway.ts";
import type { ProcessContender } from "./process-contender.ts";

/** Each process refreshes for itself, as every library does that knows nothing of other processes. */
export const processesApart: ProcessContender = {
  name: "@badgateway/oauth2-client in each",
  role: "peer",
  connect: async (setting) => fetchBadgateway.connect({ ...setting, inProcess: false }),
};
