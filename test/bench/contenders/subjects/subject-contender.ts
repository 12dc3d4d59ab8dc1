import type { Contender } from "../../measure/sample.ts";
import type { HeldToken } from "../held-token.ts";

/** Tokens of many subjects. */
export interface Subjects {
  /** Reads the token of each of these subjects and counts those that had one. */
  readAll(keys: readonly string[]): number | Promise<number>;
}

/** A way to hold the tokens of many subjects: accounts, users, tenants. */
export interface SubjectContender extends Contender {
  hold(count: number, keyOf: (index: number) => string, tokenOf: (index: number) => HeldToken): Promise<Subjects>;
}
