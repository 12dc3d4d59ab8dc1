import { StoreError } from "../errors/refresh-errors.ts";
import type { TokenSet } from "../tokens/token-set.ts";
import { createRounds, type VersionedRecord } from "./cell.ts";
import type { HeldRecord } from "./held-record.ts";
import { tokenSetsOf } from "../record/purposes.ts";
import { hasBegunWith, type SubjectRecord } from "../record/record.ts";
import type { SubjectParts } from "./refresh.ts";
import { withLogin } from "../record/transitions.ts";

/** What a login or a logout has left behind. */
export interface Overwritten {
  readonly record: SubjectRecord;
  /** The token sets that are gone; only the first one has a refresh token. */
  readonly replaced: readonly TokenSet[];
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
      if (tokenSet === undefined && isAnotherLogin) return { record: seen.record, replaced: tokenSetsOf(began) };
      const record = withLogin(seen.record, tokenSet, clock);
      const written = await cell.replace(seen, record);
      if (written !== undefined) {
        held.own = record;
        return { record: held.learn(written, seen.record), replaced: tokenSetsOf(seen.record) };
      }
      await anotherRound();
    }
  }, cell);
}

/** What a login begins with when there is none. */
export interface Seed {
  readonly tokenSet: TokenSet;
  /** Its hash, by which it is known again. */
  readonly name: string;
}

/**
 * Begins a login with what came from elsewhere, if there is no login, or if that one is over and none has begun with the same seed. Resolves to undefined
 * when the login that is there stays. Rejects with StoreError.
 */
export async function begin(
  { cell, clock, limits, lifetime }: SubjectParts,
  held: HeldRecord,
  seed: Seed,
  isOver: (record: SubjectRecord) => boolean,
): Promise<SubjectRecord | undefined> {
  const anotherRound = createRounds(clock, limits);
  return lifetime.finish(async () => {
    for (;;) {
      const seen = await held.read(cell);
      if (seen.record.generation > 0 && (!isOver(seen.record) || hasBegunWith(seen.record, seed.name))) return undefined;
      const record = withLogin(seen.record, seed.tokenSet, clock, seed.name);
      const written = await cell.replace(seen, record);
      if (written !== undefined) {
        held.own = record;
        return held.learn(written, seen.record);
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
