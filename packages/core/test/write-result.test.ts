import { beforeEach, describe, expect, it, vi } from "vitest";
import { StoreError } from "../src/errors/refresh-errors.ts";
import type { Observer } from "../src/events.ts";
import type { RecordCell, VersionedRecord } from "../src/refresh/cell.ts";
import { limitsFor } from "../src/refresh/limits.ts";
import { encodeRecord } from "../src/record/encoded-record.ts";
import type { SubjectRecord } from "../src/record/record.ts";
import { readTokenResponse } from "../src/tokens/token-response.ts";
import { writeResult } from "../src/refresh/results.ts";
import { cellIn } from "./cell-in.ts";
import { FaultyStore } from "./faulty-store.ts";
import { Outcome } from "./outcome.ts";
import { partsOf } from "./parts.ts";
import { settle, TestClock } from "./test-clock.ts";

const tokensOf = (name: string): SubjectRecord["tokenSet"] => readTokenResponse({ access_token: name }, 0);

describe("the result of a token request", () => {
  const next: SubjectRecord = { generation: 2, tokenSet: tokensOf("new") };
  const trouble = vi.fn<Observer>();
  let clock: TestClock;
  let store: FaultyStore;
  let cell: RecordCell;
  let claim: VersionedRecord;
  /** What the cell holds in the end. */
  const write = async (): Promise<SubjectRecord | undefined> =>
    (await writeResult(partsOf(clock, { cell, limits: limitsFor(40_000, 1000), observe: trouble }), claim, next))?.record;

  beforeEach(async () => {
    trouble.mockClear();
    clock = new TestClock();
    store = new FaultyStore();
    cell = cellIn(store, clock);
    const empty = await cell.read();
    claim = (await cell.replace(empty, { generation: 1, tokenSet: tokensOf("old"), intent: { owner: "me", deadline: 5 } })) ?? empty;
  });

  it("is written in one step, and the intent is gone", async () => {
    expect(await write()).toBe(next);
    expect(await store.record()).toMatchObject({ generation: 2, tokens: { access_token: "new" } });
    expect(await store.record()).not.toHaveProperty("intent");
    expect(trouble).not.toHaveBeenCalled();
  });

  it("is written again and again while the store fails, with growing delays", async () => {
    store.writes = "fails";
    const written = new Outcome(write());
    await clock.advance(60_000);
    const attempts = trouble.mock.calls.length;
    expect(written.state).toBe("pending");
    expect(attempts).toBeGreaterThan(10);
    expect(attempts).toBeLessThan(25);
    store.writes = "none";
    await clock.advance(5000);
    expect(written.value).toBe(next);
    expect(clock.timers).toBe(0);
  });

  it("counts as written when only the reply was lost", async () => {
    store.nextWrites.push("reply-lost");
    const written = new Outcome(write());
    await clock.advance(100);
    expect(written.value).toBe(next);
    expect(await store.record()).toMatchObject({ generation: 2, tokens: { access_token: "new" } });
  });

  it("gives way to a newer generation", async () => {
    const newer: SubjectRecord = { generation: 2, tokenSet: tokensOf("newer") };
    await cell.replace(claim, newer);
    const stored = await write();
    expect(stored?.tokenSet?.accessToken).toBe("newer");
    expect((await store.record())?.["tokens"]).toMatchObject({ access_token: "newer" });
  });

  it.each<[string, SubjectRecord]>([
    ["somebody else's intent", { generation: 1, intent: { owner: "other", deadline: 5 } }],
    ["a note that nobody knows what became of the request", { generation: 1, intent: { owner: "me", deadline: 5, unresolved: true } }],
    ["a pause", { generation: 1, pause: { duration: 5, begun: 0, failures: 1, outcome: "unknown" } }],
    ["the need of a login", { generation: 1, loginRequired: {} }],
  ])("repairs %s of the same generation", async (_, record) => {
    await cell.replace(claim, record);
    expect(await write()).toBe(next);
    expect(await store.record()).toEqual(JSON.parse(encodeRecord(next)));
  });

  it.each([1, 2, 3])("gives way to another login, of whatever generation: %d", async (generation) => {
    const login: SubjectRecord = { generation, lineage: "other", tokenSet: tokensOf("login") };
    await cell.replace(claim, login);
    const stored = await write();
    expect(stored?.tokenSet?.accessToken).toBe("login");
    expect(await store.record()).toEqual(JSON.parse(encodeRecord(login)));
  });

  it("gives way to a logout", async () => {
    const logout: SubjectRecord = { generation: 2, lineage: "other" };
    await cell.replace(claim, logout);
    expect((await write())?.tokenSet).toBeUndefined();
    expect(await store.record()).toEqual(JSON.parse(encodeRecord(logout)));
  });

  it("is not written again to a store that was closed, at once and after it was away", async () => {
    for (const tries of [0, 3]) {
      const closed = new StoreError("ERR_CLOSED", "The store is closed.");
      let asked = 0;
      const closing = {
        ...cell,
        read: () => cell.read(),
        replace: () => {
          asked += 1;
          return Promise.reject(asked > tries ? closed : new StoreError("ERR_STORE_UNAVAILABLE", "Away."));
        },
      } as unknown as RecordCell;
      const written = new Outcome(writeResult(partsOf(clock, { cell: closing }), claim, next));
      await clock.advance(600_000);
      expect([written.state, written.value, asked, clock.timers]).toEqual(["resolved", undefined, tries + 1, 0]);
    }
  });

  it("is written again when the store has lost everything", async () => {
    store.lose();
    expect(await write()).toBe(next);
    expect(await store.record()).toEqual(JSON.parse(encodeRecord(next)));
  });

  it("waits out a store that stalls, for a second at a time", async () => {
    store.writes = "stalls";
    const written = new Outcome(write());
    await clock.advance(1000);
    expect(trouble).toHaveBeenCalledTimes(1);
    store.writes = "none";
    await clock.advance(50);
    await settle();
    expect(written.value).toBe(next);
  });
});
