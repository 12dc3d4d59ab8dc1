import { createTokenCache, type TokenCache, type TokenSource, type TokenStore } from "@tokenflight/core";

/** A call with as few options as it can have, and what comes of it. */
export type Call = () => unknown;

export type Calls = Readonly<Record<string, Call>>;

export const origin = "https://api.example.com";

/** Gives T1, T2 and so on. */
export function numbered(fields: object = {}): TokenSource {
  let calls = 0;
  return async () => ({ access_token: `T${(calls += 1)}`, expires_in: 600, ...fields });
}

export const bare = (): TokenCache => createTokenCache({ source: numbered() });

export async function storeUse(store: TokenStore): Promise<unknown> {
  const written = await store.compareAndSet("key", undefined, "value", {});
  const read = await store.read("key", {});
  return [typeof written, read?.value, read?.version === written];
}
