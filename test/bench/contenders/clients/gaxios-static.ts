import { gaxios } from "google-auth-library";
import type { ClientContender } from "./client-contender.ts";
import { gaxiosOptions } from "./gaxios-base.ts";

export const gaxiosStatic: ClientContender = {
  name: "static header",
  role: "floor",
  connect(setting) {
    const client = new gaxios.Gaxios(gaxiosOptions(setting));
    const headers = { authorization: `Bearer ${setting.held.accessToken}` };
    return (path) => client.request({ url: `${setting.origin}${path}`, headers });
  },
};
