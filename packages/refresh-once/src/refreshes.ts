import { throwIfAborted, waitFor } from "@tokenflight/core";
import { bodyOf } from "./answer/answer.ts";
import { GrantUse, type Found, type Surroundings } from "./grant-use.ts";
import { keysOf } from "./names.ts";
import { responseOf } from "./answer/read-response.ts";
import type { RefreshCall } from "./call/refresh-call.ts";
import { isSentByAnother } from "./sending.ts";

/** A server gives a new refresh token each time. A longer chain is none. */
const longestChain = 10_000;

/** A store that takes no writes leaves many that are not over. */
const sweptAtOnce = 8;

/** The refreshes of one process over one store. */
export class Refreshes {
  readonly #around: Surroundings;
  /** Those that are under way, by refresh token and purpose. */
  readonly #uses = new Map<string, GrantUse>();
  /** The names of those that nobody waits for, and that have something to write. */
  readonly #left = new Set<string>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Whether this is the request of one that is around the fetch function of this one, and that decides about it. */
  isSentByAnother({ grant }: RefreshCall): boolean {
    return isSentByAnother(this.#around.uses, grant.endpoint, grant.refreshToken);
  }

  /**
   * Answers a refresh. Its refresh token may have been used long ago: one leads to the next, up to the newest answer. Where that one is over, or is about
   * something else, the newest refresh token is sent in the place of the old one.
   */
  async answer(call: RefreshCall): Promise<Response> {
    if (call.signal !== undefined) throwIfAborted(call.signal);
    const seen = new Set<string>();
    let { refreshToken } = call.grant;
    let newest: Found | undefined;
    while (seen.size < longestChain && !seen.has(refreshToken)) {
      // Whoever is only led on sends nothing.
      const isWanted = newest === undefined || !willDo(newest, call);
      const found: Found | undefined = await this.#find(call, refreshToken, isWanted);
      if (found === undefined) break;
      newest = found;
      seen.add(refreshToken);
      const { successor } = found.answer;
      if (successor === undefined || (found.isNew && willDo(found, call))) break;
      refreshToken = successor;
    }
    return this.#respond(newest as Found, call, seen.size - 1);
  }

  #respond({ answer, age, whole }: Found, { grant }: RefreshCall, generations: number): Response {
    if (whole !== undefined) return whole;
    this.#around.observe({ type: "answer-shared", endpoint: grant.endpoint, status: answer.status, generations });
    const headers = new Headers(answer.headers.map(([name, value]) => [name, value]));
    return responseOf({ ...answer, redirected: false, headers }, bodyOf(answer, age));
  }

  /** The answer to one refresh token, by the use of it that is under way or by a new one. `isWanted`: the request is sent where there is none. */
  async #find(call: RefreshCall, refreshToken: string, isWanted: boolean): Promise<Found | undefined> {
    const keys = await keysOf({ ...call.grant, refreshToken });
    const name = `${keys.name} ${call.purpose}`;
    this.#sweep();
    const use = this.#uses.get(name) ?? new GrantUse(this.#around, keys, refreshToken);
    this.#uses.set(name, use);
    try {
      return await (isWanted ? use.obtain(call) : waitFor(use.look(call), call.signal));
    } finally {
      if (!use.isUsed) this.#left.add(name);
      this.#sweep();
    }
  }

  /** Drops what is over: it is read anew, since the entry may be gone, and what is remembered would seem to be newer. Looks at a few each time. */
  #sweep(): void {
    let looks = 0;
    for (const name of this.#left) {
      if (looks === sweptAtOnce) return;
      looks += 1;
      this.#left.delete(name);
      const use = this.#uses.get(name);
      if (use?.isIdle) this.#uses.delete(name);
      else if (use?.isUsed === false) this.#left.add(name);
    }
  }
}

/** Whether an answer with tokens is about what the caller asks for, and not over. */
function willDo({ answer, age }: Found, { purpose }: RefreshCall): boolean {
  if (answer.kind !== "tokens") return true;
  return answer.purpose === purpose && (answer.lifetime === undefined || age < answer.lifetime);
}
