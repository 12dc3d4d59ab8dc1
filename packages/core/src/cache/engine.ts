import { decodeRecord, encodeRecord, timeToLive } from "../record/encoded-record.ts";
import { asHeld } from "../record/purposes.ts";
import type { EntryFormat } from "../refresh/store-cell.ts";
import { RefreshTransaction } from "../refresh/transaction.ts";
import { changesOf } from "../store/entry-changes.ts";
import { engineIsLoaded } from "./load-engine.ts";
import { SubjectLogins } from "./subject-logins.ts";

/**
 * What a token cache needs once it asks its store or its token source. It is loaded beside a program that has begun. A program that can load nothing later, as a
 * service worker, imports it by its name, `@tokenflight/core/eager`.
 */
export interface Engine extends EntryFormat {
  readonly RefreshTransaction: typeof RefreshTransaction;
  readonly SubjectLogins: typeof SubjectLogins;
}

export const engine: Engine = { RefreshTransaction, SubjectLogins, decodeRecord, encodeRecord, timeToLive, asHeld, changesOf };

engineIsLoaded(engine);
