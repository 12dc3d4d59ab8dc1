import { vi } from "vitest";
import { EntryChanges } from "../src/store/entry-changes.ts";

/** Weak references to records, which a test can have collected. The changes themselves stay for as long as a test needs them. */
export class WeakRecords implements Disposable {
  /** Everything that was written until now, or will be, is gone. */
  areCollected = false;

  constructor() {
    const isGone = (target: object): boolean => this.areCollected && !(target instanceof EntryChanges);
    class FakeWeakRef<Target extends object> {
      readonly #target: Target;
      constructor(target: Target) {
        this.#target = target;
      }

      deref(): Target | undefined {
        return isGone(this.#target) ? undefined : this.#target;
      }
    }
    vi.stubGlobal("WeakRef", FakeWeakRef);
  }

  [Symbol.dispose](): void {
    vi.unstubAllGlobals();
  }
}
