import { StoreError } from "../errors.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import type { VersionedRecord } from "./cell.ts";
import type { HeldRecord } from "./held-record.ts";
import { createRounds } from "./limits.ts";
import type { SubjectRecord } from "./record.ts";
import type { SubjectParts } from "./refresh.ts";
import { withLogin } from "./transitions.ts";

/** What a login or a logout has left behind. */
export interface Overwritten {
  readonly record: SubjectRecord;
  readonly replaced: TokenSet | undefined;
}

/**
 * Writes a login over whatever is there, or a logout when there is no token set. A logout that comes later than another login leaves that one
 * alone. Rejects with StoreError: a record of a newer format stays, and what is no record at all is replaced.
 */
export async function overwrite(parts: SubjectParts, held: HeldRecord, tokenSet: TokenSet | undefined): Promise<Overwritten> {
  const { cell, clock, limits, lifetime } = parts;
  const anotherRound = createRounds(clock, limits);
  let began: SubjectRecord | undefined;
  return lifetime.finish(async () => {
    for (;;) {
      const seen = await readWhatever(parts, held);
      began ??= seen.record;
      const isAnotherLogin = began.generation > 0 && seen.record.lineage !== began.lineage;
      if (tokenSet === undefined && isAnotherLogin) return { record: seen.record, replaced: began.tokenSet };
      const record = withLogin(seen.record, tokenSet, clock);
      const written = await cell.replace(seen, record);
      if (written !== undefined) {
        held.own = record;
        return { record: held.learn(written, seen.record), replaced: seen.record.tokenSet };
      }
      await anotherRound();
    }
  }, cell);
}

/** An entry that nobody can read is replaced by its version, and counts as what this process knows. */
async function readWhatever({ cell }: SubjectParts, held: HeldRecord): Promise<VersionedRecord> {
  try {
    return await held.read(cell);
  } catch (error) {
    if (!(error instanceof StoreError) || error.version === undefined) throw error;
    return { version: error.version, record: held.newest, heard: 0 };
  }
}
