import { storeContract as contract, type StoreUnderTest } from "@tokenflight/core/testing";
import { describe, it } from "vitest";

/** The published store contract, as tests of vitest. */
export function storeContract(subject: StoreUnderTest): void {
  contract(subject, { describe, it });
}
