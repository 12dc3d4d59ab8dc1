import { describe, expect, it } from "vitest";
import { LoginRequiredError } from "../src/errors/refresh-errors.ts";
import { TokenRequestError } from "../src/errors/token-request-error.ts";
import { decodeRecord, encodeRecord } from "../src/record/encoded-record.ts";
import { forPurpose } from "../src/record/purposes.ts";
import { emptyRecord, type SubjectRecord } from "../src/record/record.ts";
import { withFailure, withIntent, withLogin, withoutOwner, withTokenSet } from "../src/record/transitions.ts";
import { memoryStore } from "../src/store/memory-store.ts";
import { storeKey, type TokenStore } from "../src/store/store.ts";
import { readTokenResponse, type TokenResponse } from "../src/tokens/token-response.ts";
import { HandSource } from "./hand-source.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Outcome } from "./outcome.ts";
import { response, setUp, type SetUp } from "./set-up.ts";
import { RandomClock, settle } from "./test-clock.ts";

hashAtOnce();

type Answer = TokenResponse | Error;

/** What caches give, and what stands in the store, through the life of a login with several purposes. */
async function lifeOf(store: TokenStore | undefined): Promise<unknown[]> {
  const clock = new RandomClock();
  const told: unknown[] = [];
  const entry = async (): Promise<string | undefined> => store && (await store.read(await storeKey("test", "user")))?.value;
  const tell = async (...what: unknown[]): Promise<void> => {
    told.push(...what, (await entry())?.replaceAll(/[\da-f]{8}-[\da-f-]{27}/g, "an owner"));
  };
  // Each time as if by another process, which has nothing in memory.
  const one = setUp({ clock, hand: new HandSource({ requiresLogin: true }) });
  const cache = (purpose?: string): SetUp => {
    const hand = new HandSource({ requiresLogin: true, ...(purpose !== undefined && { purpose }) });
    return store === undefined ? one : setUp({ store, key: "user", clock, hand });
  };
  const get = async (purpose: string | undefined, answer: Answer): Promise<void> => {
    const { tokens, hand } = cache(purpose);
    const asked = hand.calls.length;
    const got = new Outcome(tokens.get());
    await settle();
    if (hand.calls.length > asked && answer instanceof Error) hand.last.fail(answer);
    else if (hand.calls.length > asked) hand.last.give(answer as TokenResponse);
    await clock.advance(1);
    const sent = hand.calls.length > asked ? (hand.last.context.previous?.refreshToken ?? "without") : "none";
    await tell(sent, got.state, got.code, got.value?.accessToken, tokens.status());
  };
  await get(undefined, new TokenRequestError("refused", "No."));
  await tell(await cache().tokens.seed({ refresh_token: "s" }));
  await tell(await cache().tokens.seed({ refresh_token: "t" }));
  await get("a", response("a"));
  await get("b", new LoginRequiredError("No.", { error: "consent_required" }));
  await get("c", new TokenRequestError("refused", "No."));
  for (const purpose of [undefined, "a", "b", "c", "d"]) await get(purpose, response(`1-${purpose}`));
  await clock.advance(7_200_000);
  await get("a", new TokenRequestError("unknown", "No answer."));
  await clock.advance(60_000);
  await get("a", response("2"));
  await clock.advance(7_200_000);
  await get(undefined, new LoginRequiredError("Over.", { error: "invalid_grant" }));
  await get("a", response("none"));
  for (const refresh_token of ["s", "u"]) await tell(await cache().tokens.seed({ refresh_token }));
  await get("a", response("3"));
  await cache("a").tokens.forget();
  await get("a", response("none"));
  await get(undefined, response("none"));
  return told;
}

const prototype = Object.prototype as unknown as Record<string, unknown>;
const names = [
  ["lineage", "generation", "tokenSet", "tokens", "intent", "pause", "loginRequired", "purpose", "others", "seed", "seeds", "format"],
  ["owner", "holder", "deadline", "unresolved", "doubtful", "duration", "begun", "failures", "outcome", "error", "errorDescription"],
  ["access_token", "refresh_token", "expires_at", "a", "b", "d"],
].flat();
const evil = { access_token: "evil", refresh_token: "evil" };
const values: [string, unknown][] = [
  ["a text", "x"],
  ["nothing", undefined],
  ["null", null],
  ["true", true],
  ["a number", 5],
  ["an object", {}],
  ["an end", { error: "x" }],
  ["tokens", evil],
  ["other purposes", { "": { tokens: evil }, d: { tokens: evil } }],
];

/** The same while every object has this. */
async function polluted<Result>(name: string, value: unknown, work: () => Promise<Result>): Promise<Result> {
  prototype[name] = value;
  try {
    return await work();
  } finally {
    delete prototype[name];
  }
}

const places: [string, () => TokenStore | undefined][] = [
  ["in a store", () => memoryStore()],
  ["in memory", () => undefined],
];

describe.each(places)("the record of a login, %s, while somebody has put something on every object of the program", (_, place) => {
  it.each(names)("is the same with %s there", async (name) => {
    const expected = await lifeOf(place());
    for (const [what, value] of values)
      expect([what, ...(await polluted(name, value, () => lifeOf(place())))]).toEqual([what, ...expected]);
  });
});

it("a record inherits nothing, and nothing in it does, wherever it comes from", () => {
  const clock = new RandomClock();
  const tokenSet = readTokenResponse(response("1"), clock.now());
  const intent = { owner: "me", deadline: 5 };
  const refused = new TokenRequestError("refused", "No.");
  const made: SubjectRecord[] = [emptyRecord];
  const add = (record: SubjectRecord): void => {
    for (const purpose of [undefined, "a"]) {
      made.push(record, forPurpose(record, purpose), decodeRecord({ version: "1", value: encodeRecord(record) }, purpose));
    }
  };
  const first = withTokenSet(emptyRecord, tokenSet, clock);
  const second = withTokenSet(forPurpose(withFailure(first, refused, true, clock), "a"), tokenSet, clock);
  for (const record of [first, second]) {
    add(record);
    add(withIntent(record, intent));
    add(withoutOwner(withIntent(record, intent), true));
    add(withFailure(record, refused, true, clock));
    add(withFailure(record, new TokenRequestError("unknown", "No.", { refreshToken: "new" }), true, clock));
    add(withFailure(record, new LoginRequiredError("Over.", { error: "consent_required" }), true, clock));
    add(withLogin(record, tokenSet, clock, "seed"));
    add(withLogin(record, undefined, clock));
  }
  const parts = made.flatMap((record) => [
    record,
    ...[record.intent, record.pause, record.loginRequired, ...Object.values(record.others ?? {})].filter((part) => part !== undefined),
  ]);
  for (const part of parts) expect([part, "toString" in part]).toEqual([part, false]);
  expect(parts.length).toBeGreaterThan(150);
});
