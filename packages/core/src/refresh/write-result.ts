import { wait } from "../clock.ts";
import type { StoreError } from "../errors.ts";
import type { VersionedRecord } from "./cell.ts";
import { createRounds } from "./limits.ts";
import { isSameResult, type SubjectRecord } from "../record/record.ts";
import { operationOf } from "./store-cell.ts";
import type { SubjectParts } from "./refresh.ts";

/**
 * Writes a result until the cell has it. Resolves to what the cell holds in the end, which is a newer record if this owner came too late; to
 * undefined if the store was closed. Rejects with StoreError when the store answers, and never takes it.
 */
export async function writeResult(parts: SubjectParts, claim: VersionedRecord, next: SubjectRecord): Promise<VersionedRecord | undefined> {
  const { cell, clock, limits, lifetime, observe } = parts;
  const anotherRound = createRounds(clock, limits);
  let seen = claim;
  for (let delay = 50; ;) {
    try {
      const written = await cell.replace(seen, next);
      if (written !== undefined) return written;
      // Another writer came since the claim.
      seen = await cell.read();
      // A store may have carried out a write whose reply was lost.
      if (isSameResult(seen.record, next)) return { ...seen, record: next };
      if (!isReplaceable(seen.record, claim.record)) return seen;
    } catch (error) {
      const trouble = error as StoreError;
      // What nobody can read is replaced by a login only.
      if (trouble.code === "ERR_STORE_RECORD_INVALID") throw trouble;
      observe({ type: "store-trouble", operation: operationOf(trouble), error: trouble });
      if (trouble.code === "ERR_CLOSED") return undefined;
      // A `close` waits for the result: it is tried again at once.
      await wait(clock, Math.min(delay, limits.writeDelay), lifetime.isClosed ? undefined : lifetime.closing);
      delay *= 2;
      continue;
    }
    await anotherRound();
  }
}

/** A newer generation stays, and another login. The intent or the pause of another process, an older generation, and a lost entry are replaced. */
function isReplaceable({ generation, lineage }: SubjectRecord, claimed: SubjectRecord): boolean {
  return generation === 0 || (generation <= claimed.generation && lineage === claimed.lineage);
}
