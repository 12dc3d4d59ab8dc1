import { requestRefresh } from "../request-refresh.ts";
import type { ClientContender } from "./client-contender.ts";
import { kyInstance, sendWith } from "./ky-base.ts";

/** The two recipes of ky's FAQ together: a `beforeRequest` hook for the token, a retry on 401 with a `beforeRetry` hook that refreshes. */
export const kyRecipe: ClientContender = {
  name: "ky's documented recipe",
  role: "peer",
  connect(setting) {
    let { held } = setting;
    const instance = kyInstance(setting).extend({
      retry: { limit: 2, statusCodes: [401] },
      hooks: {
        beforeRequest: [({ request }) => request.headers.set("Authorization", `Bearer ${held.accessToken}`)],
        beforeRetry: [
          async ({ request }) => {
            held = await requestRefresh(setting.tokenEndpoint, held.refreshToken);
            request.headers.set("Authorization", `Bearer ${held.accessToken}`);
          },
        ],
      },
    });
    return sendWith(instance);
  },
};
