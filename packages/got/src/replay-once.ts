import type { Attachment } from "@tokenflight/core";
import {
  RetryError,
  type AfterResponseHook,
  type NormalizedOptions,
  type Options,
  type OptionsInit,
  type PlainResponse,
  type Response,
} from "got";
import { tripOf } from "./trip.ts";

/** Replays a refused request with another token. got's options are those of the last hop by now, so only that one is sent again. */
export function replayOnce(attachment: Attachment<NormalizedOptions, PlainResponse>): AfterResponseHook {
  return async (response, retry) => {
    const { options } = response.request;
    const trip = tripOf(options);
    if (trip?.used === undefined || trip.cache === undefined) return response;
    const { cache, used } = trip;
    const refused = await attachment.isRefused(response, factsOf(response));
    if (trip.replayed) {
      cache.reportReplay(used, !refused);
      return response;
    }
    if (!refused) return response;
    if (!attachment.mayReplay(trip.canResend)) {
      // This request keeps its refusal; the next one finds the fresh token.
      cache.renew(used).catch(() => {});
      return response;
    }
    try {
      await cache.renew(used, { signal: options.signal });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      return response;
    }
    trip.replayed = true;
    return retry(withoutCost(options));
  };
}

function factsOf({ statusCode, headers }: Response): { status: number; challenge: string | undefined } {
  return { status: statusCode, challenge: headers["www-authenticate"] };
}

/** The replay is one of got's retries: it must not come out of the caller's own, wait for their delay or drop their hooks. */
function withoutCost({ retry }: Pick<Options, "retry">): OptionsInit {
  const { limit = 0, calculateDelay } = retry;
  return {
    preserveHooks: true,
    retry: {
      limit: limit + 1,
      calculateDelay: (retryObject) => {
        if (retryObject.error instanceof RetryError) return 1;
        return calculateDelay?.({ ...retryObject, attemptCount: retryObject.attemptCount - 1 }) ?? retryObject.computedValue;
      },
    },
  };
}
