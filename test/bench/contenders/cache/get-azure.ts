import {
  bearerTokenAuthenticationPolicy,
  createHttpHeaders,
  createPipelineRequest,
  type PipelineResponse,
} from "@azure/core-rest-pipeline";
import type { CacheContender } from "./cache-contender.ts";

/** The policy's cache cannot be had without the policy: what stands here is the policy, with a request that goes nowhere. */
export const getAzure: CacheContender = {
  name: "@azure/core-rest-pipeline: the bearer policy",
  role: "peer",
  prepare(held) {
    const policy = bearerTokenAuthenticationPolicy({
      scopes: "bench",
      credential: { getToken: async () => ({ token: held.accessToken, expiresOnTimestamp: held.expiresAt }) },
    });
    const request = createPipelineRequest({ url: "https://127.0.0.1:9/" });
    const response: PipelineResponse = { request, status: 200, headers: createHttpHeaders() };
    const next = (): Promise<PipelineResponse> => Promise.resolve(response);
    return async (times) => {
      let found = 0;
      for (let time = 0; time < times; time += 1) {
        if ((await policy.sendRequest(request, next)).request.headers.has("authorization")) found += 1;
      }
      return found;
    };
  },
};
