import type { StoreError } from "@tokenflight/core";
import { expect, vi } from "vitest";
import { jsonAnswer } from "../servers/answer.ts";
import { obtained, patience } from "./obtained.ts";
import { lifetime, untilSoftExpiry, type Holder, type SharedLogin } from "./shared-login.ts";

/** What befalls a store, and how it ends. */
export interface StoreTrouble {
  begin(): Promise<unknown>;
  end(): Promise<unknown>;
  /** What the store's own error says meanwhile. Default: that it did not answer, or whatever else. */
  readonly says?: string;
  /** What the token endpoint makes of its answers meanwhile. Default: what they are. */
  readonly answer?: TokenAnswer;
}

type TokenAnswer = (tokens: Record<string, unknown>) => Record<string, unknown>;

/** Resolves when a holder has told of such trouble with the store. Meanwhile it is used, so that it goes on trying. */
export async function troubleSeen({ tokens, events }: Holder, operation: "read" | "write" | "either", says = ""): Promise<void> {
  await vi.waitUntil(() => {
    tokens.peek();
    const isMeant = (told: "read" | "write"): boolean => operation === "either" || told === operation;
    return events.some((event) => event.type === "store-trouble" && isMeant(event.operation) && event.error.message.includes(says));
  }, patience);
}

/** Twenty callers, and how each of them fares. Their milliseconds are those of the slowest. */
async function crowd({ tokens }: Holder): Promise<{ codes: unknown[]; took: number }> {
  const started = performance.now();
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => tokens.get()));
  const codes = outcomes.map((outcome) => (outcome.status === "fulfilled" ? "tokens" : (outcome.reason as StoreError).code));
  return { codes: [...new Set(codes)], took: performance.now() - started };
}

/** What `outlast` holds, for the page. */
export const goesOn = "nobody sends a refresh token, what is good is sent, and all goes on afterwards";

/**
 * A trouble that begins while nobody refreshes. While it lasts, a token that is still good is sent, nobody sends a refresh token, who
 * needs one gets a typed error in bounded time, and a source that uses nothing up goes on. After it everything goes on without a login.
 */
export async function outlast(login: SharedLogin, trouble: StoreTrouble): Promise<void> {
  const { server, one, two, service, skip, refreshes, serviceRequests } = login;
  const held = (await one.tokens.get()).accessToken;
  expect(held).toBeDefined();
  await trouble.begin();

  // The soft expiry: a refresh ahead is tried in vain.
  skip(untilSoftExpiry);
  // Redis may have told by now that anything may have changed, so that nothing is peeked at before a look.
  for (const { tokens } of [one, two]) expect((tokens.peek() ?? (await tokens.get())).accessToken).toBe(held);
  await Promise.all([troubleSeen(one, "either", trouble.says), troubleSeen(two, "either", trouble.says)]);
  for (const holder of [one, two]) expect((await holder.tokens.get()).accessToken).toBe(held);

  // The hard expiry.
  skip(lifetime - untilSoftExpiry);
  const crowds = await Promise.all([crowd(one), crowd(two)]);
  expect(crowds.map(({ codes }) => codes)).toEqual([["ERR_STORE_UNAVAILABLE"], ["ERR_STORE_UNAVAILABLE"]]);
  // The store timeout is half a second; the rest is for a machine that is busy.
  for (const { took } of crowds) expect(took).toBeLessThan(5000);
  expect(refreshes()).toBe(0);
  expect(server.isActive((await service.tokens.get()).accessToken)).toBe(true);
  expect(serviceRequests()).toBe(2);

  await trouble.end();
  const renewed = await obtained(one);
  expect(server.isActive(renewed.accessToken)).toBe(true);
  expect((await obtained(two)).accessToken).toBe(renewed.accessToken);
  await expectNextGeneration(login, 2);
  expect(server.isActive((await obtained(service)).accessToken)).toBe(true);
}

/** What `outlastInMidRequest` holds, for the page. */
export const writesAgain = "the new pair is written again until it is stored, and not asked for again";

/**
 * A trouble that begins when the server has used the refresh token up, and its answer has not come yet. The new pair is kept, the write is
 * repeated and the token request is not.
 */
export async function outlastInMidRequest(login: SharedLogin, trouble: StoreTrouble): Promise<void> {
  const { server, one, two, refreshes, skip } = login;
  skip(lifetime);
  const { begun, release } = holdNextAnswer(login, trouble.answer);
  let settled = false;
  const renewing = obtained(one).finally(() => (settled = true));
  // Should the test fail before it looks at it.
  renewing.catch(() => {});
  await begun;
  await trouble.begin();
  release();
  await troubleSeen(one, "write", trouble.says);
  // Nobody gets an access token before the refresh token that came with it is stored.
  expect(settled).toBe(false);

  await trouble.end();
  const renewed = await renewing;
  expect(server.isActive(renewed.accessToken)).toBe(true);
  expect((await obtained(two)).accessToken).toBe(renewed.accessToken);
  expect(refreshes()).toBe(1);
  await expectNextGeneration(login, 2);
}

/** The next token request is carried out, and its answer kept back until `release`. `begun` resolves when the server has done its work. */
export function holdNextAnswer(
  { server }: SharedLogin,
  answer: TokenAnswer = (tokens) => tokens,
): { begun: Promise<void>; release: () => void } {
  const begun = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  server.faults.next(async (_request, carryOut) => {
    const { status, body } = await carryOut();
    begun.resolve();
    await released.promise;
    const text = typeof body === "string" ? body : Buffer.from(body as Uint8Array).toString();
    return jsonAnswer(status, answer(JSON.parse(text) as Record<string, unknown>));
  });
  return { begun: begun.promise, release: () => released.resolve() };
}

/** All goes on: one more refresh for everybody, newcomers included, and still the login of the beginning. */
export async function expectNextGeneration(login: SharedLogin, generations: number): Promise<void> {
  const { server, one, two, skip, newcomer, counts } = login;
  skip(lifetime);
  const all = await Promise.all([obtained(two), obtained(one)]);
  all.push(await obtained(await newcomer()));
  expect(new Set(all.map(({ accessToken }) => accessToken)).size).toBe(1);
  expect(server.isActive(all[0]?.accessToken ?? "")).toBe(true);
  expect(server.stats.refreshTokenReuses).toBe(0);
  expect(counts()).toEqual({ "token requests": generations, generations, "families revoked": 0, logins: 1 });
}
