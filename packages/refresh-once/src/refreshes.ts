import { throwIfAborted, waitFor } from "@tokenflight/core";
import { agedText } from "./answer-fields.ts";
import { GrantUse, type Found, type Surroundings } from "./grant-use.ts";
import { keysOf, type GrantKeys } from "./names.ts";
import { responseOf } from "./read-response.ts";
import type { RefreshCall } from "./refresh-call.ts";

/** A server gives a new refresh token each time. A longer chain is none. */
const longestChain = 10_000;

/** The refreshes of one process over one store. */
export class Refreshes {
  readonly #around: Surroundings;
  /** Those that are under way, by refresh token and purpose. */
  readonly #uses = new Map<string, GrantUse>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /**
   * Answers a refresh. Its refresh token may have been used long ago: one leads to the next, up to the newest answer. Where that one is over, or is about
   * something else, the newest refresh token is sent in the place of the old one.
   */
  async answer(call: RefreshCall): Promise<Response> {
    const { signal, grant } = call;
    if (signal !== undefined) throwIfAborted(signal);
    const seen = new Set<string>();
    let { refreshToken } = grant;
    let newest: Found | undefined;
    while (seen.size < longestChain && !seen.has(refreshToken)) {
      const use = this.#useOf(await keysOf({ ...grant, refreshToken }), call, refreshToken);
      // Whoever is only led on sends nothing.
      const isWanted = newest === undefined || !willDo(newest, call);
      const found: Found | undefined = await (isWanted ? use.obtain(call) : waitFor(use.look(call), signal));
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
    const { status, body, lifetime } = answer;
    this.#around.observe({ type: "answer-shared", endpoint: grant.endpoint, status, generations });
    return responseOf(answer, agedText(body, lifetime, age));
  }

  /** The use that is under way, or a new one. What is over is read anew: the entry may be gone since, and what is remembered would seem to be newer. */
  #useOf(keys: GrantKeys, { purpose }: RefreshCall, refreshToken: string): GrantUse {
    const name = `${keys.name} ${purpose}`;
    for (const [other, use] of this.#uses) if (use.isIdle) this.#uses.delete(other);
    const use = this.#uses.get(name) ?? new GrantUse(this.#around, keys, refreshToken);
    this.#uses.set(name, use);
    return use;
  }
}

/** Whether an answer with tokens is about what the caller asks for, and not over. */
function willDo({ answer, age }: Found, { purpose }: RefreshCall): boolean {
  if (answer.kind !== "tokens") return true;
  return answer.purpose === purpose && (answer.lifetime === undefined || age < answer.lifetime);
}
