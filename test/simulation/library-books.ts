import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";

/** A refresh token on its way to the server, and what became of it. */
export interface Sending {
  readonly process: SimProcess;
  readonly at: number;
  /** When its answer has come to the process. */
  answeredAt: number | undefined;
  /** Whether that answer says for certain that nothing was used up. */
  isHarmless: boolean;
  /** Why nobody knows what became of it. */
  excuse: string | undefined;
}

/** Milliseconds after its answer in which whatever happens to a process may keep that from the store. */
const settlesIn = 20_000;
/** Milliseconds for which a server's answer is kept that lets the refresh token go on. */
const keptWithoutRotation = 10_000;

/** Knows which refresh tokens were sent, and whether they might be. */
export class LibraryBooks {
  violation: string | undefined;
  sent = 0;
  sentAgain = 0;
  readonly #scheduler: Scheduler;
  readonly #rotates: boolean;
  readonly #clocksAgree: boolean;
  readonly #lifetime: number;
  readonly #sendings = new Map<string, Sending[]>();

  constructor(scheduler: Scheduler, settings: { rotates: boolean; clocksAgree: boolean; lifetime: number }) {
    this.#scheduler = scheduler;
    this.#rotates = settings.rotates;
    this.#clocksAgree = settings.clocksAgree;
    this.#lifetime = settings.lifetime * 1000;
  }

  violate(text: string): void {
    this.#scheduler.note(`VIOLATION: ${text}`);
    this.violation ??= `${text} (at ${this.#scheduler.now.toFixed(1)} ms)`;
  }

  /** Nobody may read a token in what is written. */
  wrote(value: string): void {
    if (/refresh|access|format|intent/.test(value)) this.violate("The store got something that can be read");
  }

  sends(process: SimProcess, refreshToken: string): Sending {
    const { now } = this.#scheduler;
    const before = this.#sendings.get(refreshToken) ?? [];
    this.sent += 1;
    if (before.length > 0) this.sentAgain += 1;
    for (const earlier of before) {
      const why = this.#whyAgain(earlier, now);
      if (why === undefined) this.violate(`${process.name} sent ${refreshToken} again, which ${earlier.process.name} had sent`);
      else this.#scheduler.note(`${refreshToken} is sent again: ${why}`);
    }
    const sending: Sending = { process, at: now, answeredAt: undefined, isHarmless: false, excuse: undefined };
    this.#sendings.set(refreshToken, [...before, sending]);
    return sending;
  }

  #whyAgain({ excuse, isHarmless, answeredAt }: Sending, now: number): string | undefined {
    if (excuse !== undefined) return excuse;
    if (answeredAt === undefined) return undefined;
    if (isHarmless) return "it was refused";
    const kept = Math.min(keptWithoutRotation, this.#lifetime);
    return !this.#rotates && (now - answeredAt >= kept - 1 || !this.#clocksAgree) ? "it goes on" : undefined;
  }

  /** Something has happened to this process, or to its way to the store: what it has under way, or has just been told, may be lost. */
  troubled(process: SimProcess, how: string): void {
    const { now } = this.#scheduler;
    this.#scheduler.note(`${process.name}: ${how}`);
    for (const sendings of this.#sendings.values())
      for (const sending of sendings)
        if (sending.process === process && now - (sending.answeredAt ?? now) < settlesIn) sending.excuse ??= how;
  }
}
