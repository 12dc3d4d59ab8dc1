import type { Commands, Question, Reply } from "./serve-commands.ts";

/** Has a command carried out over there. Rejects with what it threw, and when the other side ends before it has answered. */
export type Ask<Known extends Commands> = <Name extends keyof Known & string>(
  command: Name,
  ...given: Parameters<Known[Name]>
) => Promise<Awaited<ReturnType<Known[Name]>>>;

/** The questions that one process or worker thread was asked and has not answered yet. */
export class Questions {
  /** Rejects when the other side ends before it is ready. */
  readonly ready: Promise<void>;
  readonly #name: string;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #readiness = Promise.withResolvers<void>();
  #asked = 0;

  /** The name is what errors call the other side. */
  constructor(name: string) {
    this.#name = name;
    this.ready = this.#readiness.promise;
    // Whoever never waits for it is told by the questions that fail.
    this.ready.catch(() => {});
  }

  ask(send: (question: Question) => void, command: string, given: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#asked += 1;
      this.#waiting.set(this.#asked, { resolve, reject });
      try {
        send({ id: this.#asked, command, given });
      } catch (error) {
        reject(error as Error);
      }
    });
  }

  take(reply: Reply): void {
    if (reply === "ready") return this.#readiness.resolve();
    const asked = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("failed" in reply) asked?.reject(new Error(`${this.#name}: ${reply.failed}`));
    else asked?.resolve(reply.value);
  }

  /** The other side is gone. */
  end(how: string): void {
    const error = new Error(`${this.#name} ended (${how}).`);
    this.#readiness.reject(error);
    for (const asked of this.#waiting.values()) asked.reject(error);
    this.#waiting.clear();
  }
}
