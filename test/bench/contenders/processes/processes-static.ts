import { fetchStatic } from "../clients/fetch-static.ts";
import type { ProcessContender } from "./process-contender.ts";

export const processesStatic: ProcessContender = {
  name: "static header",
  role: "floor",
  connect: async (setting) => fetchStatic.connect({ ...setting, inProcess: false }),
};
