import { hasOwn, storeKey, type TokenStore, type Version } from "@tokenflight/core";
import type { WaitingClock } from "../endpoint/waiting.ts";
import { askStore, unreadable } from "./ask-store.ts";

/** Whose turn it is, as at logging the user in, as it stands in the store. Nothing of it is a secret. */
export interface Turn {
  /** Names the one who has the turn; undefined when nobody has. */
  readonly owner?: string | undefined;
  /** The owner's process, by the name that the store gave it. */
  readonly holder?: string | undefined;
  /** Names the turn that was finished last, so that there is what it was for. */
  readonly done?: string | undefined;
  /** Names the turn that the user said no to last. */
  readonly refused?: string | undefined;
  /** Whether the owner's user is back, and its tokens are being saved. */
  readonly isFinishing?: true | undefined;
}

export interface SeenTurn {
  /** Undefined when there is no entry. */
  readonly version: Version | undefined;
  readonly turn: Turn;
}

/** Milliseconds for which an owner may say nothing until it counts as gone, and between two of its signs of life. */
const longestSilence = 15_000;
const betweenSigns = 3000;
/** Milliseconds between two looks at another one's turn. */
const betweenLooks = { first: 20, longest: 200, growth: 1.3 };
/** Milliseconds for which an entry is kept that nobody writes any more. */
const ttl = 3_600_000;
/** Milliseconds. A timer that is later than that tells of a process that was stopped: it could see nothing meanwhile. */
const longestLateness = 1000;

/** The entry of what is done in turns, such as a shared login: beside that of its tokens, under a key of its own. */
export class TurnEntry {
  readonly #store: TokenStore;
  readonly #key: string;
  readonly #clock: WaitingClock;

  private constructor(store: TokenStore, key: string, clock: WaitingClock) {
    this.#store = store;
    this.#key = key;
    this.#clock = clock;
  }

  /** `name` says what the turns are for: for something else there are other turns. */
  static async of(store: TokenStore, key: string, name: string, clock: WaitingClock): Promise<TurnEntry> {
    return new TurnEntry(store, await storeKey(name, key), clock);
  }

  /** What cannot be read is nobody's turn. Rejects with StoreError. */
  async read(): Promise<SeenTurn> {
    const seen = await askStore((signal) => this.#store.read(this.#key, { signal })).catch(unreadable);
    return { version: seen?.version, turn: decode(seen?.value) };
  }

  /** Resolves to undefined when somebody was faster. Rejects with StoreError. */
  async replace({ version }: SeenTurn, turn: Turn): Promise<SeenTurn | undefined> {
    const value = JSON.stringify(turn);
    const written = await askStore((signal) => this.#store.compareAndSet(this.#key, version, value, { signal, ttl }));
    return written === undefined ? undefined : { version: written, turn };
  }

  /** Writes that this one has the turn, and whether its user is back already. Resolves and rejects as `replace` does. */
  async claim(seen: SeenTurn, owner: string, isFinishing?: true): Promise<SeenTurn | undefined> {
    const store = this.#store;
    // The name of this process, where the store gives one.
    const holder = store.holder === undefined ? undefined : await askStore(async () => store.holder?.()).catch(() => undefined);
    const { done, refused } = seen.turn;
    return this.replace(seen, { owner, holder, done, refused, isFinishing });
  }

  /**
   * Waits for a change of the entry, or until its owner is known to have ended, or has given no sign of life for a while by this process's own clock.
   * Resolves to whether the owner is gone; also when the signal aborts. Rejects with StoreError when the store has not answered for as long as an owner may say nothing.
   */
  async isGoneAfterWaiting({ version, turn }: SeenTurn, signal: AbortSignal): Promise<boolean> {
    let silence = 0;
    let answered = this.#clock.monotonic();
    const news = this.#listen(signal);
    try {
      for (let delay = betweenLooks.first; !signal.aborted; delay = Math.min(delay * betweenLooks.growth, betweenLooks.longest)) {
        if (await this.#hasEnded(turn.holder)) return true;
        const begun = this.#clock.monotonic();
        await news.next(Math.min(delay, longestSilence - silence));
        const seen = await this.read().catch((error: unknown) => {
          if (this.#clock.monotonic() - answered >= longestSilence) throw error;
        });
        // A store that is away says nothing about the owner.
        if (seen === undefined) continue;
        answered = this.#clock.monotonic();
        if (seen.version !== version) return false;
        silence += Math.min(this.#clock.monotonic() - begun, delay + longestLateness);
        if (silence >= longestSilence) return true;
      }
      return false;
    } finally {
      news.stop();
    }
  }

  /** Calls back when a sign of life is due, and when the entry may have changed, until the signal aborts. A call that fails is followed by the next. */
  async keepWatch(look: (isDue: boolean) => Promise<void>, signal: AbortSignal): Promise<void> {
    const news = this.#listen(signal);
    try {
      while (!signal.aborted) {
        const isDue = await news.next(betweenSigns);
        if (!signal.aborted) await look(isDue).catch(() => {});
      }
    } finally {
      news.stop();
    }
  }

  async #hasEnded(holder: string | undefined): Promise<boolean> {
    const store = this.#store;
    if (holder === undefined || store.isGone === undefined) return false;
    return askStore(async () => (await store.isGone?.(holder)) === true).catch(() => false);
  }

  /** `next` resolves to true after a delay, or to false when the store tells of a change, or the signal aborts. */
  #listen(signal: AbortSignal): { next(delay: number): Promise<boolean>; stop(): void } {
    let wake: ((isDue: boolean) => void) | undefined;
    let isNews = false;
    const call = (): void => {
      isNews = true;
      wake?.(false);
    };
    let stop: (() => void) | undefined;
    try {
      stop = this.#store.watch?.(this.#key, call);
    } catch {
      // The looks find the change without it.
    }
    signal.addEventListener("abort", call);
    return {
      next: (delay) =>
        new Promise((resolve) => {
          const cancel = this.#clock.schedule(() => wake?.(true), delay);
          wake = (isDue) => {
            [wake, isNews] = [undefined, false];
            cancel();
            resolve(isDue);
          };
          // Somebody has written while nobody waited here.
          if (isNews || signal.aborted) wake(false);
        }),
      stop() {
        signal.removeEventListener("abort", call);
        try {
          stop?.();
        } catch {
          // Nobody listens any more.
        }
      },
    };
  }
}

function decode(value: string | undefined): Turn {
  try {
    const read: unknown = JSON.parse(value ?? "{}");
    const own = (name: string): unknown =>
      typeof read === "object" && read !== null && hasOwn(read, name) ? read[name as keyof typeof read] : undefined;
    const text = (name: string): string | undefined => {
      const given = own(name);
      return typeof given === "string" && given !== "" ? given : undefined;
    };
    const isFinishing = own("isFinishing") === true || undefined;
    return { owner: text("owner"), holder: text("holder"), done: text("done"), refused: text("refused"), isFinishing };
  } catch {
    return {};
  }
}
