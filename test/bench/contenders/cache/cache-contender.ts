import type { Contender } from "../../measure/sample.ts";
import type { HeldToken } from "../held-token.ts";

/** Reads the token this many times and counts how often there was one, so that nothing can be left out. */
export type Reads = (times: number) => number | Promise<number>;

/**
 * A way to read a fresh token. Each contender has a loop of its own: one loop for all would be compiled for none of them, and what
 * that costs would be added to each.
 */
export interface CacheContender extends Contender {
  prepare(held: HeldToken): Reads | Promise<Reads>;
}

/** What is asked for a token in vain: a fresh one is never refreshed. */
export const nowhere = "http://127.0.0.1:9/token";
