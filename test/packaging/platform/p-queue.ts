/** What p-queue takes from the platform when it is loaded or a queue is made. */

interface Host {
  EventTarget?: typeof EventTarget;
  CustomEvent?: typeof CustomEvent;
  DOMException?: typeof DOMException;
  process?: { getBuiltinModule?(name: string): unknown };
}

const host = globalThis as Host;

/** Only to follow asynchronous contexts. Next.js's edge sandbox throws at a mere look, and under Jest `node:events` does not know the EventTarget of jsdom. */
const safeProcess: Host["process"] = {
  getBuiltinModule(name) {
    if (name !== "node:async_hooks") return undefined;
    try {
      return host.process?.getBuiltinModule?.(name);
    } catch {
      return undefined;
    }
  },
};

type Listener = (event: unknown) => void;

/** For React Native, which has none. p-queue listens to itself. */
class SmallEventTarget {
  readonly #listeners = new Map<string, Set<Listener>>();

  addEventListener(type: string, listener: Listener): void {
    const ofType = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, ofType.add(listener));
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  dispatchEvent(event: { readonly type: string }): boolean {
    for (const listener of this.#listeners.get(event.type) ?? []) listener(event);
    return true;
  }
}

class SmallEvent {
  readonly type: string;
  readonly detail: unknown;

  constructor(type: string, { detail = null }: { detail?: unknown } = {}) {
    this.type = type;
    this.detail = detail;
  }
}

class SmallException extends Error {
  constructor(message: string, name: string) {
    super(message);
    this.name = name;
  }
}

const TargetClass = host.EventTarget ?? SmallEventTarget;
const EventClass = host.CustomEvent ?? SmallEvent;
const ExceptionClass = host.DOMException ?? SmallException;

export { safeProcess as process, TargetClass as EventTarget, EventClass as CustomEvent, ExceptionClass as DOMException };
