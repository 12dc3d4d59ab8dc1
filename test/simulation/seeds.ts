import type { Write } from "./attempts.ts";
import { isOver } from "./stored-record.ts";
import type { Troubles } from "./troubles.ts";

/** The refresh tokens that stand in the environment of processes, which logins of them were made of, and when that may be. */
export class Seeds {
  /** Those that stand there now. */
  readonly #environment = new Map<string, string>();
  readonly #known = new Set<string>();
  readonly #taken = new Set<string>();
  /** What the login of each subject has begun with, or the last one; nothing, when somebody has logged in. */
  readonly #begunWith = new Map<string, string | undefined>();
  readonly #troubles: Troubles;

  constructor(troubles: Troubles) {
    this.#troubles = troubles;
  }

  /** How many were taken. */
  count = 0;

  /** An operator writes it into the environment. */
  provide(subject: string, refreshToken: string): void {
    this.#environment.set(subject, refreshToken);
    this.#known.add(refreshToken);
  }

  /** What a process finds in its environment. */
  for(subject: string): string | undefined {
    return this.#environment.get(subject);
  }

  /** Whether this write begins a login with a seed. */
  isBegin({ before, after }: Write): boolean {
    return after.lineage !== before.lineage && this.#known.has(after.tokens?.refresh_token ?? "");
  }

  wasTaken(refreshToken: string): boolean {
    return this.#taken.has(refreshToken);
  }

  /** The entry has changed. What is wrong with that? */
  *wrote(write: Write): Generator<string> {
    const { process, subject, before, after } = write;
    // After a logout the seed of the login before stays known.
    if (after.lineage === before.lineage || after.tokens === undefined) return;
    const refreshToken = after.tokens.refresh_token ?? "";
    const isBegin = this.isBegin(write);
    const hasLost = this.#troubles.hasLost(subject);
    if (isBegin && before.foreign !== undefined) yield `A seed of ${subject} was written over an entry that nobody can read`;
    // What the store would not take, the process knows all the same: that its login is over.
    const knowsMore = this.#troubles.had(process, subject);
    if (isBegin && before.generation > 0 && !isOver(before) && !knowsMore)
      yield `A seed of ${subject} has taken the place of a login that lives`;
    if (isBegin && !hasLost && this.#begunWith.get(subject) === refreshToken) yield `The seed of ${subject} was taken twice`;
    this.#begunWith.set(subject, isBegin ? refreshToken : undefined);
    if (!isBegin) return;
    this.count += 1;
    this.#taken.add(refreshToken);
  }
}
