import { wait } from "../clock.ts";
import type { TokenflightError } from "../errors.ts";
import type { VersionedRecord } from "./cell.ts";
import type { SubjectRecord } from "./record.ts";
import type { SubjectParts } from "./subject-parts.ts";

/** Writes a result until the cell has it. Resolves to what the cell holds in the end: a newer record, if this owner came too late. */
export async function writeResult(parts: SubjectParts, claim: VersionedRecord, next: SubjectRecord): Promise<SubjectRecord> {
  const { cell, clock, limits, observe } = parts;
  let seen = claim;
  for (let delay = 50; ; delay *= 2) {
    try {
      if ((await cell.replace(seen, next)) !== undefined) return next;
      // Another writer came since the claim. A newer generation stays. The intent or the pause of another process, and a lost entry, are replaced.
      seen = await cell.read();
      if (seen.record.generation > claim.record.generation) return isSame(seen.record, next) ? next : seen.record;
    } catch (error) {
      observe({ type: "store-trouble", operation: "write", error: error as TokenflightError });
      await wait(clock, Math.min(delay, limits.writeDelay));
    }
  }
}

/** A store may have carried out a write whose reply was lost. */
function isSame(stored: SubjectRecord, written: SubjectRecord): boolean {
  return stored.generation === written.generation && stored.tokenSet?.accessToken === written.tokenSet?.accessToken;
}
