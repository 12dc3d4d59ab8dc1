import type { Got } from "got";
import { requestRefresh } from "../request-refresh.ts";
import type { ClientContender } from "./client-contender.ts";
import { gotInstance, sendWith } from "./got-base.ts";

/** The recipe of got's documentation for `afterResponse`: a new token goes into the instance's own defaults. */
export const gotRecipe: ClientContender = {
  name: "got's documented recipe",
  role: "peer",
  connect(setting) {
    let { refreshToken } = setting.held;
    const instance: Got = gotInstance(setting, { authorization: `Bearer ${setting.held.accessToken}` }).extend({
      mutableDefaults: true,
      hooks: {
        afterResponse: [
          async (response, retryWithMergedOptions) => {
            if (response.statusCode !== 401) return response;
            const renewed = await requestRefresh(setting.tokenEndpoint, refreshToken);
            ({ refreshToken } = renewed);
            const updatedOptions = { headers: { authorization: `Bearer ${renewed.accessToken}` } };
            instance.defaults.options.merge(updatedOptions);
            return retryWithMergedOptions(updatedOptions);
          },
        ],
      },
    });
    return sendWith(instance, setting.origin);
  },
};
