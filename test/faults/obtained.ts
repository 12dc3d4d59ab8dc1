import { StoreError, type TokenCache, type TokenSet } from "@tokenflight/core";
import { vi } from "vitest";

/** What a wait for something that must come may take on a machine that is busy with other tests, in milliseconds. */
export const patience = { timeout: 30_000, interval: 20 };

/** Asks until the store is there: one that has just come back may need a moment. Every other error is thrown at once. */
export async function obtained({ tokens }: { readonly tokens: TokenCache }): Promise<TokenSet> {
  const outcome = await vi.waitUntil(
    () =>
      tokens.get().then(
        (set) => ({ set }),
        (error: unknown) => (error instanceof StoreError && error.code === "ERR_STORE_UNAVAILABLE" ? undefined : { error }),
      ),
    patience,
  );
  if ("error" in outcome) throw outcome.error;
  return outcome.set;
}
