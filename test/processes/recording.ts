import type { TokenCache, TokenSet, TokenStore } from "@tokenflight/core";
import type { History } from "./history.ts";

/** A token cache that notes every token that it gives to anybody. */
export function recordedTokens(tokens: TokenCache, by: string, history: History): TokenCache {
  const given = (token: TokenSet): TokenSet => {
    history.note({ by, did: "handed-out", token: token.fingerprint, left: (token.expiresAt ?? Number.POSITIVE_INFINITY) - Date.now() });
    return token;
  };
  return {
    peek() {
      const token = tokens.peek();
      return token === undefined ? undefined : given(token);
    },
    get: async (options) => given(await tokens.get(options)),
    renew: async (refused, options) => given(await tokens.renew(refused, options)),
    reportReplay: (renewed, accepted) => tokens.reportReplay(renewed, accepted),
    save: (response) => tokens.save(response),
    seed: (response) => tokens.seed(response),
    forget: () => tokens.forget(),
    async reread() {
      const token = await tokens.reread();
      return token === undefined ? undefined : given(token);
    },
    status: () => tokens.status(),
  };
}

interface Stored {
  readonly generation: number;
  readonly tokens?: unknown;
  readonly intent?: unknown;
}

/** A store that notes when a token set is written, and when somebody else's refresh is found under way. */
export function recordedStore(store: TokenStore, by: string, history: History): TokenStore {
  return {
    ...store,
    async read(key, options) {
      const entry = await store.read(key, options);
      const { generation, intent } = JSON.parse(entry?.value ?? '{"generation":0}') as Stored;
      if (intent !== undefined) history.note({ by, did: "saw-intent", generation });
      return entry;
    },
    async compareAndSet(key, expected, value, options) {
      const version = await store.compareAndSet(key, expected, value, options);
      const { generation, tokens, intent } = JSON.parse(value ?? '{"generation":0}') as Stored;
      if (version !== undefined && tokens !== undefined && intent === undefined) history.note({ by, did: "stored", generation });
      return version;
    },
  };
}
