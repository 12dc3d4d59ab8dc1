import { decodeRecord, encodeRecord, timeToLive } from "../record/encoded-record.ts";
import { asHeld } from "../record/purposes.ts";
import type { EntryFormat } from "../refresh/store-cell.ts";
import { RefreshTransaction } from "../refresh/transaction.ts";
import { changesOf } from "../store/entry-changes.ts";
import { SubjectLogins } from "./subject-logins.ts";

/** What a token cache needs once it asks its store or its token source. It is loaded beside a program that has begun. */
export interface Engine extends EntryFormat {
  readonly RefreshTransaction: typeof RefreshTransaction;
  readonly SubjectLogins: typeof SubjectLogins;
}

export const engine: Engine = {
  RefreshTransaction,
  SubjectLogins,
  decodeRecord,
  encodeRecord,
  timeToLive,
  asHeld,
  changesOf,
};
