import type { RecordCell, Seen } from "./cell.ts";
import { sleep, type Clock } from "../clock.ts";
import type { SubjectRecord } from "./record.ts";

/**
 * Writes the result of a token request until the cell has it: the write is repeated, the token request never. Resolves to the record
 * that stands in the end, which is a newer one when this owner came too late. Between two attempts are at most `longest` milliseconds.
 */
export async function writeResult(
  cell: RecordCell,
  claim: Seen,
  next: SubjectRecord,
  clock: Clock,
  longest: number,
  trouble: (error: unknown) => void,
): Promise<SubjectRecord> {
  let seen = claim;
  for (let delay = Math.min(50, longest); ; delay = Math.min(delay * 2, longest)) {
    try {
      if ((await cell.replace(seen, next)) !== undefined) return next;
      // Somebody wrote since the claim. A newer generation stands; another's intent, a pause or a loss of this one is repaired.
      seen = await cell.read();
      if (seen.record.generation > claim.record.generation) return isSame(seen.record, next) ? next : seen.record;
    } catch (error) {
      trouble(error);
      await sleep(clock, delay);
    }
  }
}

/** A write may have been carried out although its reply was lost. */
function isSame(stands: SubjectRecord, written: SubjectRecord): boolean {
  return stands.generation === written.generation && stands.tokens?.accessToken === written.tokens?.accessToken;
}
