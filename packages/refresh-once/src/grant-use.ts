import { abortWith, reasonOf, TokenRequestError, type TokenResponse, type TokenSource, type TokenStore } from "@tokenflight/core";
import { noteOf, type Brought, type SingleUse, type SingleUses } from "@tokenflight/core/single-use";
import { answerOf, decodeAnswer, encodeAnswer, keptFor, type Answer } from "./answer/answer.ts";
import { readResponse } from "./answer/read-response.ts";
import type { RefreshOnceEvent } from "./events.ts";
import { failed, unanswered } from "./failures.ts";
import { sealedStore, type GrantKeys } from "./names.ts";
import { leave, unkept, type Outgoing } from "./outgoing.ts";
import type { RefreshCall } from "./call/refresh-call.ts";
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
    this.#single = uses.of({
      store: sealedStore(store, key),
      name,
      source,
      concerns: (note) => {
        const [answer, outgoing] = [decodeAnswer(note), this.#outgoing];
        return outgoing === undefined || (answer !== undefined && this.#isFor(answer, outgoing.call));
      },
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
      for (;;) {
        const found = await this.#try({ call });
        if (found !== undefined) return found;
      }
    } finally {
      this.#users -= 1;
    }
  }

  /** Undefined: what was answered is about another caller, whose request it was. */
  async #try(mine: Outgoing): Promise<Found | undefined> {
    const { call } = mine;
    let found: Found | undefined;
    try {
      const begins = (): void => void (this.#outgoing = mine);
      const brought = await this.#single.obtain((one) => this.#answerIn(one, call) !== undefined, call.signal, begins);
      found = this.#found(decodeAnswer(brought.tokenSet.accessToken) as Answer, brought, mine);
    } catch (error) {
      if (call.signal?.aborted || !(error instanceof TokenRequestError)) throw error;
      found = this.#foundIn(error, mine);
    } finally {
      if (found?.whole === undefined) leave(mine);
    }
    return found;
  }

  /** What a failure says to this caller. Throws what its fetch has thrown, or the failure. */
  #foundIn(failure: TokenRequestError, mine: Outgoing): Found | undefined {
    const { call, whole } = mine;
    // What cannot be kept is for this caller alone.
    if (whole !== undefined && mine.answer === undefined) return { answer: unkept(call), isNew: true, age: 0, whole };
    const answer = decodeAnswer(noteOf(failure)?.text ?? "");
    const isRefusal = failure.outcome === "refused" && failure.cause === undefined && whole === undefined;
    // A refusal that could not be kept is its caller's alone.
    if (isRefusal && (answer === undefined || !this.#isFor(answer, call))) return undefined;
    if (answer !== undefined) return this.#found(answer, undefined, mine);
    throw failure.cause ?? failure;
  }

  /** Whether a refusal is about this caller. */
  #isFor({ id, kind, purpose }: Answer, call: RefreshCall): boolean {
    // Where a refresh asks for a scope or a resource, the grant may lack only that. Where it asks for nothing, the refresh token is dead.
    if (kind === "dead" && purpose === "") return true;
    if (purpose !== call.purpose) return false;
    const { answer, call: asked } = this.#outgoing ?? {};
    return kind !== "client" || (answer?.id === id && asked?.credentials === call.credentials);
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
    const { status, whole } = read;
    outgoing.whole = whole;
    outgoing.answer = answer;
    if (outgoing.hasLeft) leave(outgoing);
    if (answer?.kind !== "tokens") {
      observe({ type: "answer-handed-on", endpoint, status, duration });
      throw failed(endpoint, status, answer);
    }
    observe({ type: "answer-kept", endpoint, status, kept: keptFor(answer, keep) * 1000, duration });
    // The entry outlasts its answer: what it counts, others who wait go by.
    return { access_token: encodeAnswer(answer), expires_in: keep };
  }
}
