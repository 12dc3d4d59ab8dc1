import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BearerPolicy,
  createTokenCache,
  createTokenEndpointQueue,
  createTokenPool,
  encryptedStore,
  isRefused,
  LoginRequiredError,
  memoryStore,
  readTokenResponse,
  StoreError,
  TokenRequestError,
  TokenSet,
  toTokenResponse,
  type TokenCache,
} from "@tokenflight/core";
import { storeScenarios } from "@tokenflight/core/testing";
import { redisStore } from "@tokenflight/redis";
import { sqliteStore } from "@tokenflight/sqlite";
import { bare, numbered, origin, storeUse, type Calls } from "./call-parts.ts";

async function useOf(tokens: TokenCache): Promise<unknown[]> {
  const first = await tokens.get();
  const again = await tokens.get({});
  const renewed = await tokens.renew(first, {});
  await tokens.forget({});
  const saved = await tokens.save({ access_token: "saved", expires_in: 60, refresh_token: "r" });
  return [first, again, renewed, saved, tokens.peek()].map((tokenSet) => ({
    ...tokenSet?.toJSON(),
    expiresAt: typeof tokenSet?.expiresAt,
  }));
}

/** An ioredis client over one entry. */
function fakeRedis(): { status: string } & Record<string, unknown> {
  const entries = new Map<string, string>();
  const run = async (
    _script: string,
    _keys: number,
    key: string,
    question: string,
    expected?: string,
    version?: string,
    _name?: string,
    ttl?: string,
    value?: string,
  ) => {
    if (expected === undefined) return [question, entries.get(key) ?? null];
    entries.set(key, `${version}${value} ${ttl}`);
    return [question, 1];
  };
  const nothing = (): void => {};
  return { status: "ready", evalsha: run, eval: run, info: async () => "", duplicate: nothing, on: nothing, off: nothing };
}

export const coreCalls: Calls = {
  "core: a token cache": () => useOf(bare()),
  "core: a token cache with empty options in its options": () =>
    useOf(createTokenCache({ source: numbered(), timeouts: {}, freshness: {} })),
  "core: a token cache with a store": () =>
    useOf(createTokenCache({ source: numbered(), store: memoryStore(), identity: "crm", key: "ada" })),
  "core: two token caches over one store": async () => {
    const store = memoryStore();
    const [one, other] = [0, 1].map(() => createTokenCache({ source: numbered(), store, identity: "crm", key: "ada" }));
    return [(await one?.get())?.accessToken, (await other?.get())?.accessToken];
  },
  "core: a token source that fails": async () => {
    const tokens = createTokenCache({ source: () => Promise.reject(new TokenRequestError("refused", "no", { status: 400 })) });
    return [await tokens.get().catch(String), await tokens.get().catch(String)];
  },
  "core: a token source whose session is over": async () => {
    const tokens = createTokenCache({ source: () => Promise.reject(new LoginRequiredError("over")) });
    return [await tokens.get().catch(String), await tokens.get().catch(String)];
  },
  "core: a token pool": () => useOf(createTokenPool({ source: () => numbered() }).for("ada")),
  "core: a queue": async () => {
    const queue = createTokenEndpointQueue({});
    return [await queue.run(async () => "done", { id: "1", urgency: "blocking" }), queue.pausedFor()];
  },
  "core: a queue with a rate limit": async () => {
    const queue = createTokenEndpointQueue({ interval: 1, intervalCap: 5 });
    return Promise.all([1, 2].map((id) => queue.run(async () => id, { id: String(id), urgency: "ahead" })));
  },
  "core: a memory store": () => storeUse(memoryStore()),
  "core: an encrypted store": () => storeUse(encryptedStore(memoryStore(), { keys: [{ id: "1", key: new Uint8Array(32) }] })),
  "core: readTokenResponse and toTokenResponse": () => toTokenResponse(readTokenResponse({ access_token: "a" }, 0)),
  "core: a token set": () => {
    const tokenSet = new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: 0 });
    return [tokenSet.expiresAt, tokenSet.scope, tokenSet.refreshToken, tokenSet.idToken, { ...tokenSet.extra }, JSON.stringify(tokenSet)];
  },
  "core: errors": () => {
    const errors = [
      new TokenRequestError("unknown", "m", {}),
      new LoginRequiredError("m", {}),
      new StoreError("ERR_STORE_UNAVAILABLE", "m", {}),
    ];
    return errors.map((error) => Object.entries(error));
  },
  "core: the policy of a request": () => {
    const policy = new BearerPolicy(bare(), { origins: origin });
    return [policy.allows(origin), policy.wantsReplay, isRefused(policy, {}, { status: 401, challenge: null })];
  },
  "core/testing: the store contract": async () => {
    const store = memoryStore();
    const [first] = storeScenarios;
    await first?.run({ store, other: store, key: "key" });
    return first?.id;
  },

  "sqlite: a store": async () => {
    const folder = mkdtempSync(join(tmpdir(), "tokenflight-options-"));
    const store = sqliteStore({ path: join(folder, "tokens.db") });
    try {
      return await storeUse(store);
    } finally {
      await store.close();
      rmSync(folder, { recursive: true });
    }
  },
  "redis: a store": async () => {
    const store = redisStore({ client: fakeRedis() as never });
    try {
      return await storeUse(store);
    } finally {
      await store.close();
    }
  },
};
