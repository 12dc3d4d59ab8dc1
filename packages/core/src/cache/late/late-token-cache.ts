import { waitFor } from "../../clock/waits.ts";
import { ownOption } from "../../platform/own.ts";
import type { InitialTokens } from "../../tokens/token-response.ts";
import type { TokenSet } from "../../tokens/token-set.ts";
import type { Engine, Subject } from "./engine.ts";
import { LateModule } from "./late-module.ts";
import type { LoginStatus, TokenCache } from "../token-cache.ts";
import { statusBySource, unknownStatus } from "../unknown-status.ts";

export const lateEngine: LateModule<Engine> = new LateModule(async () => (await import("./engine.ts")).engine);

/** What a pool asks of the token caches that it holds. */
export interface SubjectCache extends TokenCache {
  /** Whether this cache knows more than the store. */
  readonly isBusy: boolean;
}

/** The token cache of a subject: one that waits for the engine, while that is not there. */
export function createSubjectCache(subject: Subject): SubjectCache {
  return lateEngine.loaded?.createSubject(subject) ?? new LateTokenCache(subject);
}

/** The token cache of a program that has just begun. Each call waits for the engine; what is known without one is that nothing is known yet. */
class LateTokenCache implements SubjectCache {
  readonly #subject: Subject;
  /** Made by the first call that has waited. */
  #cache: SubjectCache | undefined;
  /** How many calls wait. */
  #waiting = 0;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  get isBusy(): boolean {
    return this.#cache?.isBusy ?? this.#waiting > 0;
  }

  peek(): TokenSet | undefined {
    return this.#cache?.peek();
  }

  get(options?: { signal?: AbortSignal | undefined; minValidity?: number | undefined }): Promise<TokenSet> {
    return this.#cache?.get(options) ?? this.#later((cache) => cache.get(options), options);
  }

  renew(refused: TokenSet, options?: { signal?: AbortSignal | undefined }): Promise<TokenSet> {
    return this.#cache?.renew(refused, options) ?? this.#later((cache) => cache.renew(refused, options), options);
  }

  reportReplay(renewed: TokenSet, accepted: boolean): void {
    this.#cache?.reportReplay(renewed, accepted);
  }

  save(tokens: TokenSet | InitialTokens): Promise<TokenSet> {
    return this.#cache?.save(tokens) ?? this.#later((cache) => cache.save(tokens));
  }

  seed(tokens: TokenSet | InitialTokens): Promise<boolean> {
    return this.#cache?.seed(tokens) ?? this.#later((cache) => cache.seed(tokens));
  }

  forget(options?: { revoke?: boolean | undefined }): Promise<void> {
    return this.#cache?.forget(options) ?? this.#later((cache) => cache.forget(options));
  }

  reread(): Promise<TokenSet | undefined> {
    return this.#cache?.reread() ?? this.#later((cache) => cache.reread());
  }

  status(): LoginStatus {
    const { entry, lifetime, source } = this.#subject;
    if (this.#cache !== undefined) return this.#cache.status();
    return lifetime.isClosed || entry !== undefined ? unknownStatus : statusBySource(source);
  }

  /** Calls follow each other in their order, also those that come when the engine is there. */
  #later<Result>(call: (cache: SubjectCache) => Promise<Result>, options?: { signal?: AbortSignal | undefined }): Promise<Result> {
    this.#waiting += 1;
    const result = lateEngine
      .load()
      .then((engine) => call((this.#cache ??= engine.createSubject(this.#subject))))
      .finally(() => (this.#waiting -= 1));
    this.#subject.lifetime.keepAlive(result);
    return waitFor(result, ownOption(options, "signal"));
  }
}
