import { LoginRequiredError, type TokenSource, type TokenStore } from "@tokenflight/core";
import { changedCache } from "./changed-cache.ts";
import type { NamedMutant } from "./mutant.ts";
import { nothing, type StoredRecord } from "./stored-record.ts";

/** A store whose records are written otherwise than they were meant. */
function writing(change: (record: StoredRecord, before: StoredRecord) => StoredRecord) {
  return (store: TokenStore): TokenStore => {
    const seen = new Map<string, StoredRecord>();
    return {
      ...store,
      read: async (key, options) => {
        const entry = await store.read(key, options);
        if (entry?.value.startsWith('{"format":')) seen.set(key, JSON.parse(entry.value) as StoredRecord);
        return entry;
      },
      compareAndSet: (key, expected, value, options) => {
        const changed = value === undefined ? value : JSON.stringify(change(JSON.parse(value) as StoredRecord, seen.get(key) ?? nothing));
        return store.compareAndSet(key, expected, changed, changed === value ? options : {});
      },
    };
  };
}

/** A store whose records are shown otherwise than they are. */
function showing(change: (record: StoredRecord) => StoredRecord) {
  return (store: TokenStore): TokenStore => ({
    ...store,
    read: async (key, options) => {
      const entry = await store.read(key, options);
      if (!entry?.value.startsWith('{"format":')) return entry;
      return { ...entry, value: JSON.stringify(change(JSON.parse(entry.value) as StoredRecord)) };
    },
  });
}

/** A source with other answers. */
function answering(change: (answer: ReturnType<TokenSource>) => ReturnType<TokenSource>) {
  return (source: TokenSource): TokenSource =>
    Object.assign(async (context: Parameters<TokenSource>[0]) => change(source(context)), source);
}

async function withoutRefreshTokens(answer: ReturnType<TokenSource>): ReturnType<TokenSource> {
  const given = await answer.catch((error: unknown) => {
    const isUseless = error instanceof Error && error.message.startsWith("Of no use");
    throw isUseless ? new Error("The answer was of no use.") : error;
  });
  if ("access_token" in given && given.access_token.includes(" ")) throw new Error("The answer was of no use.");
  return given;
}

async function endingLogins(answer: ReturnType<TokenSource>): ReturnType<TokenSource> {
  return answer.catch((error: unknown) => {
    if (error instanceof LoginRequiredError) throw new LoginRequiredError(error.message, { error: "invalid_grant" });
    throw error;
  });
}

/** A record that does not say this. */
function without(name: "others" | "purpose" | "seed") {
  return (record: StoredRecord): StoredRecord => JSON.parse(JSON.stringify({ ...record, [name]: undefined })) as StoredRecord;
}

/** The tokens of all purposes are the one that came last. */
function forAll(record: StoredRecord): StoredRecord {
  const { tokens, others } = record;
  if (tokens === undefined || others === undefined) return record;
  return { ...record, others: Object.fromEntries(Object.entries(others).map(([name, other]) => [name, { ...other, tokens }])) };
}

function withoutTimeLeft(record: StoredRecord): StoredRecord {
  if (record.others === undefined) return record;
  const over = Object.entries(record.others).map(([name, { tokens, ...told }]) => [
    name,
    { ...told, ...(tokens && { tokens: { ...tokens, expires_at: 1 } }) },
  ]);
  return { ...record, others: Object.fromEntries(over) as NonNullable<StoredRecord["others"]> };
}

/** The record that a logout leaves of the purposes that it does not end. */
function withoutOnePurpose(after: StoredRecord, before: StoredRecord): StoredRecord {
  const [name, other] = Object.entries(before.others ?? {}).find(([, { tokens }]) => tokens !== undefined) ?? [];
  if (after.tokens !== undefined || name === undefined || before.tokens?.refresh_token === undefined) return after;
  const tokens = { access_token: "", ...other?.tokens, refresh_token: before.tokens.refresh_token };
  const { others: _, ...login } = before;
  return { ...login, ...after, ...(name !== "" && { purpose: name }), tokens };
}

/** What breaks a login with several purposes, a seed, or a refresh token that comes alone. */
export const loginMutants: readonly NamedMutant[] = [
  [
    "sources that do not say what their tokens are for",
    {
      source: (source) => {
        delete source.purpose;
        return source;
      },
    },
    /another purpose/,
  ],
  ["a cache that takes the token of whichever purpose was refreshed last", { store: showing(without("purpose")) }, /another purpose/],
  [
    "a refresh that forgets the tokens of other purposes",
    { store: writing((after, before) => (after.generation > before.generation ? without("others")(after) : after)) },
    /lost .* another purpose/,
  ],
  ["a refresh that writes its token for all purposes", { store: writing(forAll) }, /another purpose/],
  [
    "a purpose that is taken for over when another one was refreshed",
    { store: showing(withoutTimeLeft) },
    /before it was due|within a second/,
  ],
  ["a purpose whose refusal ends the login", { source: answering(endingLogins) }, /needs a login although the session lives/],
  ["a logout that ends one purpose only", { store: writing(withoutOnePurpose) }, /has left|came back|knew to be over/],
  [
    "a seed that takes the place of a login that lives",
    { cache: (cache) => changedCache(cache, { seed: async (tokens) => (await cache.save(tokens)) !== undefined }) },
    /a login that lives/,
  ],
  ["a seed that is not known again", { store: showing(without("seed")) }, /taken twice/],
  [
    "a new refresh token that is dropped with a useless access token",
    { source: answering(withoutRefreshTokens) },
    /refresh token|lost the session/,
  ],
];
