import {
  abortWith,
  encryptedStore,
  reasonOf,
  TokenRequestError,
  type TokenResponse,
  type TokenSource,
  type TokenStore,
} from "@tokenflight/core";
import { noteOf, withNote, type Brought, type FailureNote, type SingleUse, type SingleUses } from "@tokenflight/core/single-use";
import { answerOf, decodeAnswer, encodeAnswer, type Answer } from "./answer/answer.ts";
import type { RefreshOnceEvent } from "./events.ts";
import type { GrantKeys } from "./names.ts";
import { readResponse } from "./answer/read-response.ts";
import type { RefreshCall } from "./refresh-call.ts";
import { noteSending } from "./sending.ts";

/** What all refreshes over one store have in common. */
export interface Surroundings {
  readonly uses: SingleUses;
  readonly store: TokenStore;
  /** Seconds for which an answer with a new refresh token is kept. */
  readonly keep: number;
  readonly observe: (event: RefreshOnceEvent) => void;
}

/** An answer for a caller. */
export interface Found {
  readonly answer: Answer;
  /** It came while the caller was waiting. */
  readonly isNew: boolean;
  /** Seconds since it came. */
  readonly age: number;
  /** The response itself, for the caller whose request it answers. */
  readonly whole: Response | undefined;
}

/** A caller whose request may be the one that is sent. */
interface Outgoing {
  readonly call: RefreshCall;
  /** What was answered. */
  whole?: Response;
  answer?: Answer | undefined;
  /** Nobody reads what is answered. */
  hasLeft?: true;
}

/** Seconds for which the answer of a server is kept that lets the refresh token go on: a refresh that is wanted later is another one. */
const keptWithoutRotation = 10;
/** Milliseconds for which it is remembered that a refresh token is dead. */
const rememberedDead = 10_000;
/** How often somebody begins anew who was given what another caller has asked for. */
const mostTries = 3;

/** The use of one refresh token, for one purpose. */
export class GrantUse {
  /** How many wait for it. */
  #users = 0;
  readonly #around: Surroundings;
  readonly #single: SingleUse;
  readonly #refreshToken: string;
  #outgoing: Outgoing | undefined;

  constructor(around: Surroundings, { name, key }: GrantKeys, refreshToken: string) {
    const { uses, store, observe } = around;
    this.#around = around;
    this.#refreshToken = refreshToken;
    const source: TokenSource = async () => this.#ask();
    source.spendsRefreshToken = "own";
    const sealed = encryptedStore(withoutSubscription(store), { keys: [{ id: "once", key }], rollback: "accept" });
    this.#single = uses.of({
      store: sealed,
      name,
      source,
      observe: (event) => {
        if (event.type === "store-trouble") observe(event);
      },
    });
  }

  /** Whether somebody waits for it. */
  get isUsed(): boolean {
    return this.#users > 0;
  }

  get isIdle(): boolean {
    return !this.isUsed && !this.#single.isBusy;
  }

  /** Gives the answer that is kept, or that somebody waits for; sends the request otherwise. Rejects with what its fetch rejects with, or a TokenflightError. */
  async obtain(call: RefreshCall): Promise<Found> {
    this.#users += 1;
    try {
      for (let tries = 1; ; tries += 1) {
        const found = await this.#try({ call }, tries === mostTries);
        if (found !== undefined) return found;
      }
    } finally {
      this.#users -= 1;
    }
  }

  /** Undefined: what was answered is about what another caller has asked for. */
  async #try(mine: Outgoing, isLast: boolean): Promise<Found | undefined> {
    const { call } = mine;
    let found: Found | undefined;
    try {
      const begins = (): void => void (this.#outgoing = mine);
      const brought = await this.#single.obtain((one) => this.#answerIn(one, call) !== undefined, call.signal, begins);
      found = this.#found(decodeAnswer(brought.tokenSet.accessToken) as Answer, brought, mine);
    } catch (error) {
      if (call.signal?.aborted || !(error instanceof TokenRequestError)) throw error;
      found = this.#foundIn(error, mine, isLast);
    } finally {
      if (found?.whole === undefined) leave(mine);
    }
    return found;
  }

  /** What a failure says to this caller. Throws what its fetch has thrown, or the failure. */
  #foundIn(failure: TokenRequestError, mine: Outgoing, isLast: boolean): Found | undefined {
    const { call, whole } = mine;
    // What cannot be kept is for this caller alone.
    if (whole !== undefined && mine.answer === undefined) return { answer: unkept(whole, call), isNew: true, age: 0, whole };
    const answer = decodeAnswer(noteOf(failure)?.text ?? "");
    const isOfAnother =
      failure.outcome === "refused" && (answer === undefined || (answer.kind !== "dead" && answer.purpose !== call.purpose));
    if (isOfAnother && whole === undefined && failure.cause === undefined && !isLast) return undefined;
    if (answer !== undefined) return this.#found(answer, undefined, mine);
    throw failure.cause ?? failure;
  }

  /** The answer that is kept, without a request. Rejects with StoreError. */
  async look(call: RefreshCall): Promise<Found | undefined> {
    const tokenSet = await this.#single.look();
    const answer = tokenSet && this.#answerIn({ tokenSet }, call);
    return answer && this.#found(answer, { tokenSet, isNew: false }, undefined);
  }

  #found(answer: Answer, brought: Brought | undefined, mine: Outgoing | undefined): Found {
    const { clock } = this.#around.uses;
    const whole = mine?.answer?.id === answer.id ? mine.whole : undefined;
    if (brought === undefined) return { answer, isNew: true, age: 0, whole };
    const age = brought.isNew ? 0 : Math.max(0, clock.now() - brought.tokenSet.issuedAt) / 1000;
    return { answer, isNew: brought.isNew, age, whole };
  }

  /** The answer with a new refresh token, whoever asked for it and when; any other one only soon after it came, and to the same question. */
  #answerIn({ tokenSet }: Pick<Brought, "tokenSet">, { purpose }: RefreshCall): Answer | undefined {
    const answer = decodeAnswer(tokenSet.accessToken);
    if (answer?.kind !== "tokens") return undefined;
    if (answer.successor !== undefined) return answer;
    // A clock that was set back, here or elsewhere, must not make it last.
    const isKept = Math.abs(this.#around.uses.clock.now() - tokenSet.issuedAt) < keptFor(answer, 0) * 1000;
    return isKept && answer.purpose === purpose ? answer : undefined;
  }

  /** Sends the request of the caller that began. */
  async #ask(): Promise<TokenResponse> {
    const { uses, observe, keep } = this.#around;
    const outgoing = this.#outgoing as Outgoing;
    const { purpose, grant } = outgoing.call;
    const { endpoint } = grant;
    const begun = uses.clock.monotonic();
    observe({ type: "refresh-sent", endpoint });
    const controller = new AbortController();
    let isTold = false;
    const failedWith = (cause: unknown): TokenRequestError => {
      const error = unanswered(endpoint, cause);
      if (!isTold) observe({ type: "refresh-failed", endpoint, error });
      isTold = true;
      return error;
    };
    const cancel = uses.clock.schedule(() => {
      abortWith(controller, undefined);
      // A fetch function may not know of signals. What it brings in the end is taken all the same.
      failedWith(reasonOf(controller.signal));
    }, uses.longest);
    const isOver = noteSending(uses, endpoint, this.#refreshToken);
    const read = await (async () => readResponse(await outgoing.call.send(this.#refreshToken, controller.signal)))()
      .catch((cause: unknown) => {
        throw failedWith(cause);
      })
      .finally(() => {
        cancel();
        isOver();
      });
    const duration = uses.clock.monotonic() - begun;
    const answer = answerOf(read, this.#refreshToken, purpose);
    outgoing.whole = read.whole;
    outgoing.answer = answer;
    if (outgoing.hasLeft) leave(outgoing);
    const { status } = read.response;
    if (answer?.kind !== "tokens") {
      observe({ type: "answer-handed-on", endpoint, status, duration });
      throw failed(endpoint, status, answer);
    }
    observe({ type: "answer-kept", endpoint, status, kept: keptFor(answer, keep) * 1000, duration });
    // The entry outlasts its answer: what it counts, others who wait go by.
    return { access_token: encodeAnswer(answer), expires_in: keep };
  }
}

/** Seconds for which an answer with tokens is given to whoever comes. */
function keptFor({ successor, lifetime = keptWithoutRotation }: Answer, keep: number): number {
  return successor === undefined ? Math.min(keptWithoutRotation, lifetime) : keep;
}

/** Every entry would have a subscription of its own. Whoever waits watches its entry, and everybody else reads it anew each time. */
function withoutSubscription(store: TokenStore): TokenStore {
  const passedOn = ["read", "compareAndSet", "watch", "keepOpen", "holder", "isGone", "trouble"] as const;
  const methods = passedOn.flatMap((name) => {
    const method: unknown = store[name];
    return typeof method === "function" ? [[name, method.bind(store)]] : [];
  });
  return Object.fromEntries(methods) as TokenStore;
}

/** The failure of an answer without tokens, with the answer for all who wait. */
function failed(endpoint: string, status: number, answer: Answer | undefined): TokenRequestError {
  const isGood = status >= 200 && status < 300;
  // A response that may not be looked at has no status (0).
  const isUnknown = status >= 500 || status < 200 || (isGood && answer?.kind !== "other");
  const [, seconds] = answer?.headers.find(([name]) => name === "retry-after") ?? [];
  const retryAfter = isUnknown && /^\d{1,6}$/.test(seconds ?? "") ? Number(seconds) * 1000 : undefined;
  const error = new TokenRequestError(isUnknown ? "unknown" : "refused", `The token endpoint ${endpoint} answered ${status}.`, {
    status,
    retryAfter,
  });
  // Whoever comes later asks again, at once: the server has said what is wrong with this request, as it does where it wants a nonce.
  const pause = isUnknown ? undefined : answer?.kind === "dead" ? rememberedDead : 0;
  const note: FailureNote = { text: answer && encodeAnswer(answer), pause };
  return withNote(error, note);
}

/** Codes of errors of Node's and undici's, which say that there was no connection. */
const neverConnected = new Set(["ECONNREFUSED", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "UND_ERR_CONNECT_TIMEOUT"]);

/** The failure of a request without an answer. One that surely was not sent leaves no doubt, and no pause. */
function unanswered(endpoint: string, cause: unknown): TokenRequestError {
  const inner = (cause as { cause?: unknown } | undefined)?.cause ?? cause;
  const { code } = (inner ?? {}) as { code?: unknown };
  if (typeof code === "string" && neverConnected.has(code))
    return withNote(new TokenRequestError("refused", `The token endpoint ${endpoint} could not be reached (${code}).`, { cause }), {
      pause: 0,
    });
  return new TokenRequestError("unknown", `The refresh at ${endpoint} had no answer; the error of the fetch function is the cause.`, {
    cause,
  });
}

/** This caller does not take the response: what is still to come of it is not waited for. */
function leave(outgoing: Outgoing): void {
  outgoing.hasLeft = true;
  if (outgoing.answer === undefined) outgoing.whole?.body?.cancel().catch(() => {});
}

/** Stands for a response that nobody else gets. */
function unkept({ status }: Response, { purpose }: RefreshCall): Answer {
  return { id: "", status, statusText: "", url: "", headers: [], body: "", purpose, kind: "unreadable" };
}
