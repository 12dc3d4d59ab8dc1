import { memoryStore, type TokenStore } from "@tokenflight/core";

/** A store and another handle on its entries. */
export type Pair = [store: TokenStore, other: TokenStore];

/** A store that anybody might write at first, and the scenarios by which the contract finds it. */
export type Mistake = readonly [mistake: string, open: () => Pair, found: readonly string[]];

export const twice = (store: TokenStore): Pair => [store, store];

/** Holders of a store that knows of nobody's end. */
export const knowing: Required<Pick<TokenStore, "holder" | "isGone">> = { holder: async () => "me", isGone: async () => false };

export const withHolders = (holders: Pick<TokenStore, "holder" | "isGone">): TokenStore => ({ ...memoryStore(), ...holders });
