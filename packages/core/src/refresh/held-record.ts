import type { Change } from "../store/entry-changes.ts";
import { nothingHeard, type RecordCell, type VersionedRecord } from "./cell.ts";
import type { SubjectParts } from "./refresh.ts";
import { forPurpose, withHeld } from "../record/purposes.ts";
import { continues, emptyRecord, isOfLogin, markOf, type SubjectRecord } from "../record/record.ts";

/** Milliseconds of use after which an entry is looked at again: in a store that tells nobody of changes, and, for messages that were lost, in one that does. */
const lookInterval = 30_000;
const longLookInterval = 300_000;
/** Milliseconds for which what is held will do after a look has failed. */
const belief = 1000;

/** What this process knows of the record. It may be newer than what the cell holds: the store has lost it, or would not take it. */
export class HeldRecord {
  newest: SubjectRecord;
  /** The record that this cache has written last: whoever wrote it publishes it. */
  own: SubjectRecord | undefined;
  readonly #parts: Pick<SubjectParts, "cell" | "clock">;
  /** The version that was read or written last, and how many changes had been heard of then. */
  #version: VersionedRecord["version"];
  #heard = 0;
  /** When that was, by the wall clock; undefined before the first time. */
  #lookedAt: number | undefined;
  /** After a look that failed: how many changes had been heard of then, and until when what is held will do, by the monotonic clock. */
  #belief: { readonly heard: number; readonly until: number } | undefined;
  /**
   * The version of the entry under which the note of a failure could not be written; `newest` is that note. Example: the endpoint says that the
   * refresh token is dead, and the store is away. The entry still looks like one to be refreshed, and each refresh would send the token again.
   */
  #unwritten: VersionedRecord["version"];

  constructor(parts: Pick<SubjectParts, "cell" | "clock">) {
    this.#parts = parts;
    this.newest = forPurpose(emptyRecord, parts.cell.shared?.purpose);
  }

  /** Whether somebody has looked at the cell once. */
  get isKnown(): boolean {
    return this.#parts.cell.shared === undefined || this.#lookedAt !== undefined;
  }

  /** Whether what is held needs no look. Costs a comparison or two. `now` is a time of the wall clock. */
  isCurrent(now: number): boolean {
    const { shared } = this.#parts.cell;
    if (shared === undefined) return true;
    if (this.#belief !== undefined && this.#isBelieved(this.#belief)) return true;
    if (this.#lookedAt === undefined || (shared.changes?.count !== this.#heard && this.#news() !== undefined)) return false;
    const age = now - this.#lookedAt;
    return age >= 0 && age < (shared.changes?.isListening === true ? longLookInterval : lookInterval);
  }

  /** Whether what is held will do until somebody has looked: as far as this process knows, the login is the same. */
  isUsable(): boolean {
    if (!this.isKnown) return false;
    if (this.#belief !== undefined && this.#isBelieved(this.#belief)) return true;
    const news = this.#news();
    return news === undefined || (news.mark !== undefined && isOfLogin(news.mark, this.newest));
  }

  /** Whether another login is known to stand in the entry, so that what is held may not be sent, whatever happens to the store. */
  get isReplaced(): boolean {
    const mark = this.#news()?.mark;
    return mark !== undefined && !isOfLogin(mark, this.newest);
  }

  /** The login that is held has been replaced, nobody can look at the one that is there, and the source has given this instead. */
  supersede(record: SubjectRecord): void {
    this.newest = record;
    this.#heard = this.#parts.cell.shared?.changes?.count ?? 0;
    // It is to be looked at as soon as that is possible.
    this.#lookedAt = Number.NEGATIVE_INFINITY;
  }

  /** A look has failed. What is held will do for a second, unless more is heard. */
  believe(): void {
    if (!this.isKnown || this.isReplaced) return;
    const { cell, clock } = this.#parts;
    this.#belief = { heard: cell.shared?.changes?.count ?? 0, until: clock.monotonic() + belief };
  }

  /** Takes what another cache of this process has written since, if it is still in memory. */
  hear(): void {
    const news = this.#news();
    const written = news?.written?.deref() as SubjectRecord | undefined;
    if (news === undefined || written === undefined) return;
    const record = this.#withHeld(forPurpose(written, this.#parts.cell.shared?.purpose));
    if (!this.#isNewerThan(record, undefined)) this.newest = record;
    this.#look({ version: news.version, record, heard: news.number });
  }

  /** What the cell holds; what this process knows, where that is newer. */
  async read(cell: Pick<RecordCell, "read">): Promise<VersionedRecord> {
    for (;;) {
      const before = this.newest;
      const seen = await cell.read();
      // A refresh that goes on without the store began with what is held.
      if (seen.heard === nothingHeard && cell !== this.#parts.cell) return seen;
      const { version, record } = seen;
      const isNewer = this.#isNewerThan(record, version);
      // Two lineages have no order. One that was learned while this answer was under way may be the later one.
      if (!isNewer && this.newest !== before && !continues(this.newest, record)) continue;
      this.#look(seen);
      if (!isNewer) this.newest = this.#withHeld(record);
      return { ...seen, record: this.newest };
    }
  }

  /** This process has written its intent into the entry: what it says of the token set is as it was. */
  claimed(claim: VersionedRecord): void {
    this.#look(claim);
  }

  /** A record that was written over `replaced`, or found in place of it. It says nothing new if this process has learned of a later login meanwhile. */
  learn(found: VersionedRecord, replaced: SubjectRecord): SubjectRecord {
    const { record } = found;
    const isNext = record.lineage !== this.newest.lineage && replaced.lineage === this.newest.lineage;
    if (!isNext && !continues(this.newest, record)) return record;
    this.newest = this.#withHeld(record);
    this.#look(found);
    return this.newest;
  }

  /** The cell did not take this record over an entry of this version. */
  hold(record: SubjectRecord, version: VersionedRecord["version"]): void {
    if (!continues(this.newest, record)) return;
    this.newest = record;
    this.#unwritten = version;
  }

  /** An entry has room for some purposes only: what this process knows of its own one, it goes by. */
  #withHeld(record: SubjectRecord): SubjectRecord {
    return withHeld(record, this.newest, this.#parts.clock.now());
  }

  #look({ version, heard }: VersionedRecord): void {
    if (heard === nothingHeard) return;
    this.#version = version;
    this.#heard = heard;
    this.#lookedAt = this.#parts.clock.now();
    this.#belief = undefined;
  }

  #isBelieved({ heard, until }: { readonly heard: number; readonly until: number }): boolean {
    return this.#parts.cell.shared?.changes?.count === heard && this.#parts.clock.monotonic() < until;
  }

  #isNewerThan({ generation, lineage }: SubjectRecord, version: VersionedRecord["version"]): boolean {
    const { newest } = this;
    if (version !== undefined && version === this.#unwritten) return true;
    return generation < newest.generation && (generation === 0 || lineage === newest.lineage);
  }

  /** What somebody else has written since, if it is more than a note of a refresh. */
  #news(): Change | undefined {
    const { shared } = this.#parts.cell;
    const [changes, key] = [shared?.changes, shared?.key];
    // Who has never looked has nothing that could be out of date.
    if (changes === undefined || key === undefined || changes.count === this.#heard || this.#lookedAt === undefined) return undefined;
    const change = changes.since(key, this.#heard);
    const isOwn = change?.version !== undefined && change.version === this.#version;
    if (change !== undefined && !isOwn && (change.mark === undefined || change.mark !== markOf(this.newest))) return change;
    this.#heard = changes.count;
    return undefined;
  }
}
