import { bearerTokenAuthenticationPolicy, createEmptyPipeline } from "@azure/core-rest-pipeline";
import { requestRefresh } from "../request-refresh.ts";
import { sendThrough } from "./azure-base.ts";
import type { ClientContender } from "./client-contender.ts";

/** Of a refusal it takes notice only when the challenge holds Azure's own `claims`. */
export const azureBearer: ClientContender = {
  name: "@azure/core-rest-pipeline",
  role: "peer",
  connect(setting) {
    let { held } = setting;
    let asked = false;
    const credential = {
      async getToken() {
        // The first time it gives what it holds; a policy that asks again wants another one.
        if (asked || Date.now() >= held.expiresAt) held = await requestRefresh(setting.tokenEndpoint, held.refreshToken);
        asked = true;
        return { token: held.accessToken, expiresOnTimestamp: held.expiresAt };
      },
    };
    const pipeline = createEmptyPipeline();
    pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: "bench" }));
    return sendThrough(pipeline, setting);
  },
};
