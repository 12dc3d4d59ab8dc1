import { afterAll, beforeAll, vi } from "vitest";

let before: ReadonlyMap<string, unknown>;

/** Test files that share a process have the globals that the first one had: one that leaves others behind fails, and not the next. */
beforeAll(() => void (before = globals()));

afterAll(() => {
  if (vi.isFakeTimers()) throw new Error("This file leaves fake timers behind.");
  const after = globals();
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter((name) => !Object.is(before.get(name), after.get(name)));
  if (changed.length > 0) throw new Error(`This file leaves other globals behind: ${changed.join(", ")}.`);
});

function globals(): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, { writable, set }] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
    found.set(name, (globalThis as Record<string, unknown>)[name]);
    if (writable !== true && set === undefined) found.set(`${name} (read-only)`, true);
  }
  return found;
}
