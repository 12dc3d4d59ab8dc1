/** Whose code an event runs. The world itself (network, store, server) has none, and is never stopped. */
export interface Owner {
  readonly name: string;
  readonly alive: boolean;
  /** Stopped until then, in virtual milliseconds. */
  readonly resumesAt: number;
  /** Runs code as its own. */
  enter?(run: () => void): void;
}

export interface ScheduledEvent {
  at: number;
  /** Decides between events of the same moment. */
  rank: number;
  /** Decides between events of the same rank. */
  order: number;
  readonly label: string;
  readonly run: () => void;
  readonly owner: Owner | undefined;
  cancelled: boolean;
}

/** A binary heap: the earliest event is first. */
export class EventHeap {
  readonly #events: ScheduledEvent[] = [];

  get first(): ScheduledEvent | undefined {
    return this.#events[0];
  }

  push(event: ScheduledEvent): void {
    const events = this.#events;
    let place = events.length;
    events.push(event);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = events[parent] as ScheduledEvent;
      if (!isBefore(event, above)) break;
      events[place] = above;
      place = parent;
    }
    events[place] = event;
  }

  pop(): ScheduledEvent | undefined {
    const events = this.#events;
    const [first] = events;
    const last = events.pop();
    if (last === undefined || events.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && isBefore(events[child + 1] as ScheduledEvent, events[child] as ScheduledEvent)) child += 1;
      if (!isBefore(events[child] as ScheduledEvent, last)) break;
      events[place] = events[child] as ScheduledEvent;
      place = child;
    }
    events[place] = last;
    return first;
  }
}

function isBefore(one: ScheduledEvent, other: ScheduledEvent): boolean {
  if (one.at !== other.at) return one.at < other.at;
  return one.rank === other.rank ? one.order < other.order : one.rank < other.rank;
}
