import { describe, expect, it } from "vitest";
import { StoreError } from "../src/errors/refresh-errors.ts";
import { decodeRecord, encodeRecord } from "../src/record/encoded-record.ts";
import { storeKey } from "../src/store/store.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { response, setUp } from "./set-up.ts";
import { RandomClock, settle } from "./test-clock.ts";

hashAtOnce();

const seconds = Date.UTC(2026, 0, 1) / 1000;
const tokens = { access_token: "access-0", issued_at: seconds - 60, expires_at: seconds + 3540, refresh_token: "refresh-0" };

const login = { format: 1, lineage: "9k2z", generation: 3, tokens };
/** Entries as the first release, 0.1.0, wrote them. */
const entries: [string, object, Record<string, unknown>][] = [
  ["a login", login, { generation: 3, lineage: "9k2z" }],
  [
    "tokens with further fields",
    { format: 1, lineage: "l", generation: 1, tokens: { sid: "s", ...tokens, scope: "read", id_token: "i" } },
    { generation: 1 },
  ],
  ["a token of another type", { format: 1, lineage: "l", generation: 1, tokens: { ...tokens, token_type: "DPoP" } }, { generation: 1 }],
  [
    "a refresh under way",
    { format: 1, lineage: "l", generation: 3, tokens, intent: { owner: "me", deadline: 15_000, holder: "host 1" } },
    { intent: { owner: "me", deadline: 15_000, holder: "host 1" } },
  ],
  [
    "a doubt",
    { format: 1, lineage: "l", generation: 3, tokens, intent: { owner: "me", deadline: 15_000, unresolved: true, doubtful: true } },
    { intent: { owner: "me", deadline: 15_000, unresolved: true, doubtful: true } },
  ],
  [
    "a pause",
    { format: 1, lineage: "l", generation: 3, pause: { outcome: "unknown", failures: 2, duration: 2050, begun: seconds * 1000 }, tokens },
    { pause: { outcome: "unknown", failures: 2, duration: 2050, begun: seconds * 1000 } },
  ],
  [
    "the end of a login",
    { format: 1, lineage: "l", generation: 3, loginRequired: { error: "invalid_grant" }, tokens },
    { loginRequired: { error: "invalid_grant" } },
  ],
];
const logout = { format: 1, lineage: "l", generation: 4 };

describe("an entry of the first release (field line 102)", () => {
  it.each(entries)("%s is read as what it was", (_, entry, expected) => {
    const record = decodeRecord({ version: "7", value: JSON.stringify(entry) });
    expect(record).toMatchObject(expected);
    expect(record.tokenSet).toMatchObject({ accessToken: "access-0", refreshToken: "refresh-0", expiresAt: (seconds + 3540) * 1000 });
    expect([record.purpose, record.others, record.seed]).toEqual([undefined, undefined, undefined]);
  });

  it.each([...entries, ["a logout", logout, {}] as const])(
    "%s, written again for the one purpose, can be read by that release",
    (_, entry) => {
      const record = decodeRecord({ version: "7", value: JSON.stringify(entry) });
      expect(JSON.parse(encodeRecord(record))).toEqual(entry);
    },
  );

  it.each(entries)("%s gives its access token to no other purpose, and loses nothing", (_, entry, { intent }) => {
    const entry1 = { version: "7", value: JSON.stringify(entry) };
    const record = decodeRecord(entry1, "api");
    expect(record.tokenSet).toMatchObject({ accessToken: "", refreshToken: "refresh-0" });
    expect(record).toMatchObject({ ...(intent !== undefined && { intent }), purpose: "api" });
    const again = decodeRecord({ version: "8", value: encodeRecord(record) });
    expect(again.tokenSet).toMatchObject({ accessToken: "access-0", refreshToken: "refresh-0", expiresAt: (seconds + 3540) * 1000 });
  });

  it("says the end of its token under a name that was not known then", () => {
    const { expires_at: end, ...rest } = tokens;
    for (const fields of [{ expires_on: String(end) }, { expiry_date: end * 1000 }, { expiresAt: end }]) {
      const value = JSON.stringify({ format: 1, lineage: "l", generation: 1, tokens: { ...fields, ...rest } });
      expect(decodeRecord({ version: "1", value }).tokenSet?.expiresAt).toBe(end * 1000);
    }
  });

  it("goes on being refreshed by this one", async () => {
    const store = memoryStore();
    await store.compareAndSet(await storeKey("test", "user"), undefined, JSON.stringify(login));
    const { tokens: cache, hand, clock } = setUp({ store, key: "user", clock: new RandomClock() });
    expect((await cache.get()).accessToken).toBe("access-0");
    await clock.advance(3_600_000);
    const got = cache.get();
    await settle();
    expect(hand.last.context.previous?.refreshToken).toBe("refresh-0");
    hand.last.give(response("1"));
    expect((await got).accessToken).toBe("access-1");
    const written = JSON.parse((await store.read(await storeKey("test", "user")))?.value ?? "") as object;
    expect(written).toMatchObject({ format: 1, lineage: "9k2z", generation: 4 });
  });

  it("under the name that its source had then stays where it is: this one does not look there, and does not touch it", async () => {
    const store = memoryStore();
    const old = await storeKey('["https://login.example.com","client","refresh_token","scope=read"]', "user");
    const version = await store.compareAndSet(old, undefined, JSON.stringify(login));
    const hand = new HandSource({ identity: '["https://login.example.com","client"]', purpose: "scope=read", requiresLogin: true });
    const { tokens: cache } = setUp({ store, key: "user", clock: new RandomClock(), hand });
    expect(await cache.reread()).toBeUndefined();
    await cache.save(response("new"));
    await cache.forget();
    expect(await store.read(old)).toEqual({ version, value: JSON.stringify(login) });
  });
});

describe("an entry of format 2", () => {
  it.each([
    [
      "has a purpose",
      {
        lineage: "l",
        generation: 1,
        purpose: "api",
        tokenSet: decodeRecord({ version: "1", value: JSON.stringify(login) }).tokenSet,
      },
    ],
    [
      "has a refresh token alone",
      decodeRecord({ version: "1", value: JSON.stringify({ format: 1, generation: 1, tokens: { refresh_token: "r" } }) }),
    ],
  ])("is written where the record %s: the first release leaves it as it is", (_, record) => {
    // That release throws for a format above 1, without the version by which an entry can be replaced.
    expect(JSON.parse(encodeRecord(record))).toMatchObject({ format: 2 });
  });

  it.each([3, 4, 1000])("is the last one: format %d is left as it is, by a login, a seed and a logout too", async (format) => {
    const store = memoryStore();
    const key = await storeKey("test", "user");
    const value = JSON.stringify({ format, generation: 1, tokens: { access_token: "canary" } });
    const version = await store.compareAndSet(key, undefined, value);
    const { tokens: cache } = setUp({ store, key: "user" });
    for (const work of [cache.get(), cache.save(response("1")), cache.seed(response("1")), cache.forget(), cache.reread()]) {
      const error = await work.catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(StoreError);
      expect(String(error)).toContain(`a token record of format ${format}, of a newer version of this package`);
      expect(String(error)).not.toContain("canary");
    }
    expect(await store.read(key)).toEqual({ version, value });
  });
});
