import { describe, it } from "vitest";
import type { ClientUnderTest } from "../clients/client-under-test.ts";
import { asGiven } from "./scenarios/as-given.ts";
import { attaching } from "./scenarios/attaching.ts";
import { exact } from "./scenarios/exact.ts";
import { failing } from "./scenarios/failing.ts";
import { injecting } from "./scenarios/injecting.ts";
import { refusing } from "./scenarios/refusing.ts";
import { replaying } from "./scenarios/replaying.ts";
import { resending } from "./scenarios/resending.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { settling } from "./scenarios/settling.ts";
import { telling } from "./scenarios/telling.ts";
import { transparent } from "./scenarios/transparent.ts";

/** Every scenario of the contract, in the order of its ids. */
export const scenarios: readonly Scenario[] = [
  ...attaching,
  ...injecting,
  ...replaying,
  ...refusing,
  ...settling,
  ...resending,
  ...failing,
  ...transparent,
  ...asGiven,
  ...exact,
  ...telling,
].toSorted((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));

/**
 * What every adapter keeps, run against one way of using one client. Where a client differs, that way declares it with its reason, and the
 * scenario's own "otherwise" is run: nothing is skipped.
 */
export function adapterContract(client: ClientUnderTest): void {
  describe(client.name, () => {
    for (const { id, title, run, otherwise } of scenarios) {
      const reason = client.differences?.[id];
      if (reason === undefined) it(`${id} ${title}`, () => run(client));
      else if (otherwise === undefined) throw new Error(`${client.name} declares a difference in ${id}, which allows none.`);
      else it(`${id} ${title} (differs: ${reason})`, () => otherwise(client));
    }
  });
}
