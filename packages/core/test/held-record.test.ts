import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { privateCell, type RecordCell, type VersionedRecord } from "../src/refresh/cell.ts";
import { HeldRecord } from "../src/refresh/held-record.ts";
import { emptyRecord, type SubjectRecord } from "../src/record/record.ts";
import "./fixed-seed.ts";
import { TestClock } from "./test-clock.ts";

const lineages = fc.constantFrom(undefined, "a", "b");
const record = fc.record({ lineage: lineages, generation: fc.integer({ min: 1, max: 4 }) }) as fc.Arbitrary<SubjectRecord>;
const entry = fc.oneof(fc.constant(emptyRecord), record);

/** A cell that gives this entry. */
const cellOf = (version: string | undefined, record: SubjectRecord): Pick<RecordCell, "read"> => ({
  read: async () => ({ version, record, heard: 0 }),
});
const nothingHeld = (): HeldRecord => new HeldRecord({ cell: privateCell(), clock: new TestClock() });

/** What a process holds after it has read this record. */
async function holding(held: SubjectRecord): Promise<HeldRecord> {
  const all = nothingHeld();
  await all.read(cellOf(held === emptyRecord ? undefined : "1", held));
  return all;
}

describe("what a process holds of a record", () => {
  it("goes before nothing, and before an older generation of its own lineage, and gives way to everything else", async () => {
    await fc.assert(
      fc.asyncProperty(entry, entry, async (held, found) => {
        const all = await holding(held);
        const isNewer = found.generation === 0 || (found.lineage === held.lineage && found.generation < held.generation);
        const version = found === emptyRecord ? undefined : "2";
        const read = await all.read(cellOf(version, found));
        expect(read).toMatchObject({ version, record: isNewer ? held : found });
        expect(all.newest).toBe(read.record);
      }),
      { numRuns: 500 },
    );
  });

  it("is learned from a write over it, or over a record of its lineage, and from no other", async () => {
    await fc.assert(
      fc.asyncProperty(record, entry, record, async (held, replaced, written) => {
        const all = await holding(held);
        expect(all.learn({ version: "2", record: written, heard: 0 }, replaced)).toBe(written);
        const isNext = replaced.lineage === held.lineage && written.lineage !== held.lineage;
        const continues = written.lineage === held.lineage && written.generation >= held.generation;
        expect(all.newest).toBe(isNext || continues ? written : held);
      }),
      { numRuns: 500 },
    );
  });

  it("is no note of a failure of another lineage, or of an older generation", async () => {
    await fc.assert(
      fc.asyncProperty(record, record, async (held, noted) => {
        const all = await holding(held);
        const note: SubjectRecord = { ...noted, loginRequired: {} };
        all.hold(note, "1");
        const isKept = note.lineage === held.lineage && note.generation >= held.generation;
        expect(all.newest).toBe(isKept ? note : held);
        // The entry that did not take the note stays covered by it until it changes.
        const again = await all.read(cellOf("1", { ...held }));
        expect(again.record).toEqual(isKept ? note : held);
        const other = { generation: held.generation + 1, lineage: held.lineage };
        expect((await all.read(cellOf("2", other))).record.loginRequired).toEqual(
          isKept && note.generation > other.generation ? {} : undefined,
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe("an answer of the store that was overtaken", () => {
  it("by a login that this process has made meanwhile is asked for again", async () => {
    const old = { lineage: "old", generation: 3 };
    const login = { lineage: "new", generation: 4 };
    const all = await holding(old);
    const answers = [
      { version: "1", record: { ...old }, heard: 0 },
      { version: "2", record: login, heard: 0 },
    ];
    let asked = 0;
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const read = all.read({
      async read() {
        const answer = answers[asked] as (typeof answers)[number];
        asked += 1;
        await gate;
        return answer;
      },
    });
    all.learn({ version: "2", record: login, heard: 0 }, old);
    open();
    expect([(await read).record, all.newest, asked]).toEqual([login, login, 2]);
  });

  it("by a newer generation of its lineage changes nothing", async () => {
    const old = { lineage: "a", generation: 3 };
    const newer = { lineage: "a", generation: 4 };
    const all = await holding(old);
    const { promise, resolve } = Promise.withResolvers<VersionedRecord>();
    const read = all.read({ read: () => promise });
    all.learn({ version: "2", record: newer, heard: 0 }, old);
    resolve({ version: "1", record: old, heard: 0 });
    expect([(await read).record, all.newest]).toEqual([newer, newer]);
  });

  it("in any order of any number of reads and logins never brings a login back that is over", async () => {
    const steps = fc.array(fc.constantFrom("login", "token set", "begin a read", "end a read"), { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(steps, fc.infiniteStream(fc.nat(10)), async (steps, choices) => {
        const all = nothingHeld();
        let stored: SubjectRecord = emptyRecord;
        let logins = 0;
        const open: { end: () => void; done: Promise<unknown> }[] = [];
        const cell = {
          read() {
            const answer = { version: String(stored.generation), record: stored, heard: 0 };
            const { promise, resolve } = Promise.withResolvers<typeof answer>();
            open.push({ end: () => resolve(answer), done: promise });
            return promise;
          },
        };
        const reads: Promise<unknown>[] = [];
        for (const step of steps) {
          const before = stored;
          if (step === "login" || step === "token set") {
            const lineage = step === "login" ? `login-${(logins += 1)}` : before.lineage;
            stored = { lineage, generation: before.generation + 1 };
            all.learn({ version: String(stored.generation), record: stored, heard: 0 }, before);
          } else if (step === "begin a read") {
            reads.push(all.read(cell));
          } else if (open.length > 0) {
            open.splice((choices.next().value as number) % open.length, 1)[0]?.end();
            await new Promise(setImmediate);
          }
          expect(all.newest).toBe(stored);
        }
        while (open.length > 0) {
          open.shift()?.end();
          await new Promise(setImmediate);
        }
        await Promise.all(reads);
        expect(all.newest).toBe(stored);
      }),
      { numRuns: 100 },
    );
  });
});
