import type { Version } from "@tokenflight/core";

/** So many writes whose messages have not come back are remembered. */
const capacity = 1000;

interface Write {
  isHeard: boolean;
  isWritten: boolean;
}

/**
 * Writes of this client, whose messages come back from the server: before or after the reply, or never. Whoever listens hears of a write once, when the
 * reply is there.
 */
export class OwnWrites {
  readonly #writes = new Map<Version, Write>();

  begin(version: Version): void {
    this.#writes.set(version, { isHeard: false, isWritten: false });
    if (this.#writes.size > capacity) this.#writes.delete(this.#writes.keys().next().value as Version);
  }

  /** True for a message about an own write. */
  hear(version: Version): boolean {
    const write = this.#writes.get(version);
    if (write === undefined) return false;
    write.isHeard = true;
    if (write.isWritten) this.#writes.delete(version);
    return true;
  }

  /** The reply has come, or nobody waits for it any more. True when the message has shown that it was written. */
  end(version: Version, isWritten: boolean | undefined): boolean {
    const write = this.#writes.get(version);
    if (write === undefined) return false;
    if (isWritten === true && !write.isHeard) write.isWritten = true;
    else this.#writes.delete(version);
    return write.isHeard;
  }

  clear(): void {
    this.#writes.clear();
  }
}
