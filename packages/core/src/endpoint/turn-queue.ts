/** What stands in the queue: p-queue's own function, and what is to be known when it cannot be called. */
export interface TurnOptions {
  readonly signal?: AbortSignal | undefined;
  readonly id?: string;
  readonly priority?: number;
  readonly lose?: () => void;
}

type Run = () => Promise<unknown>;

interface Turn extends TurnOptions {
  readonly run: Run;
  readonly priority: number;
}

/** The order of p-queue: the highest priority first, then the order of arrival. */
export class TurnQueue {
  readonly #turns: Turn[] = [];

  get size(): number {
    return this.#turns.length;
  }

  enqueue(run: Run, { id, priority = 0, lose }: TurnOptions = {}): void {
    const turn: Turn = { run, priority, ...(id !== undefined && { id }), ...(lose && { lose }) };
    const isLast = (this.#turns[this.#turns.length - 1]?.priority ?? priority) >= priority;
    const place = isLast ? this.#turns.length : this.#turns.findIndex((other) => other.priority < priority);
    this.#turns.splice(place, 0, turn);
  }

  /** p-queue binds its function to the asynchronous context of whoever added it. In workerd it throws when another request calls it. */
  dequeue(): Run | undefined {
    const turn = this.#turns.shift();
    if (turn === undefined) return undefined;
    return async () => {
      try {
        return turn.run();
      } catch {
        turn.lose?.();
        return undefined;
      }
    };
  }

  filter({ priority }: TurnOptions): Run[] {
    return this.#turns.filter((turn) => turn.priority === priority).map(({ run }) => run);
  }

  setPriority(id: string, priority: number): void {
    const turn = this.#take(id);
    if (turn !== undefined) this.enqueue(turn.run, { ...turn, priority });
  }

  remove(id: string): void {
    this.#take(id);
  }

  #take(id: string): Turn | undefined {
    const place = this.#turns.findIndex((turn) => turn.id === id);
    return place < 0 ? undefined : this.#turns.splice(place, 1)[0];
  }
}
