import { createTokenPool } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { tokenSetOf } from "../tokenflight.ts";
import type { SubjectContender } from "./subject-contender.ts";

/** A pool that keeps this many token caches at hand, and the tokens of the others in its store; all of them when told so. */
function pool(name: string, limitFor: (count: number) => number | undefined): SubjectContender {
  return {
    name,
    role: "ours",
    async hold(count, keyOf, tokenOf) {
      const tokenEndpoint = "http://127.0.0.1:9/token";
      const client = createOAuthClient({ tokenEndpoint, clientId: "bench", clientAuth: clientSecretBasic("secret") });
      const source = client.refreshToken();
      const tokens = createTokenPool({ source: () => source, limit: limitFor(count) });
      for (let index = 0; index < count; index += 1) await tokens.for(keyOf(index)).save(tokenSetOf(tokenOf(index)));
      return {
        async readAll(keys) {
          let found = 0;
          for (const key of keys) {
            const cache = tokens.for(key);
            if ((cache.peek() ?? (await cache.get())) !== undefined) found += 1;
          }
          return found;
        },
      };
    },
  };
}

export const subjectsTokenflight: SubjectContender = pool("tokenflight: a token pool, 10,000 caches at hand", () => undefined);
export const subjectsTokenflightAll: SubjectContender = pool("tokenflight: a token pool, all caches at hand", (count) => count);
