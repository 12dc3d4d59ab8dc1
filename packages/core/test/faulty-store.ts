import { memoryStore } from "../src/store/memory-store.ts";
import type { StoredEntry, TokenStore, Version } from "../src/store/store.ts";

/** What happens to one operation: nothing odd, it fails, it is carried out and its reply is lost, it is never answered, another writer is faster. */
export type Fault = "none" | "fails" | "reply-lost" | "stalls" | "loses";

/** A memory store whose reads and writes can be made to fail. */
export class FaultyStore implements TokenStore {
  reads: Fault = "none";
  writes: Fault = "none";
  /** For the next writes only, one by one; `writes` holds when there are none left. */
  readonly nextWrites: Fault[] = [];
  /** Runs before a write that is carried out. */
  beforeWrite: (() => void) | undefined;
  /** Reads and writes so far. */
  asked = 0;
  #inner: TokenStore = memoryStore();
  #key: string | undefined;

  async read(key: string): Promise<StoredEntry | undefined> {
    this.#key = key;
    return this.#with(this.reads, () => this.#inner.read(key));
  }

  async compareAndSet(key: string, expected: Version | undefined, value: string | undefined): Promise<Version | undefined> {
    this.#key = key;
    return this.#with(this.nextWrites.shift() ?? this.writes, async () => {
      this.beforeWrite?.();
      return this.#inner.compareAndSet(key, expected, value);
    });
  }

  watch(key: string, changed: () => void): () => void {
    return this.#inner.watch?.(key, changed) ?? (() => {});
  }

  /** Everything that was stored is gone. */
  lose(): void {
    this.#inner = memoryStore();
  }

  /** The one record that was written, decoded from JSON. */
  async record(): Promise<Record<string, unknown> | undefined> {
    const entry = this.#key === undefined ? undefined : await this.#inner.read(this.#key);
    return entry === undefined ? undefined : (JSON.parse(entry.value) as Record<string, unknown>);
  }

  /** Writes over the record, as another process does. */
  async put(record: Record<string, unknown>): Promise<void> {
    if (this.#key === undefined) throw new Error("Nobody has asked for a key yet.");
    const entry = await this.#inner.read(this.#key);
    await this.#inner.compareAndSet(this.#key, entry?.version, JSON.stringify(record));
  }

  async #with<Answer>(fault: Fault, operation: () => Promise<Answer>): Promise<Answer> {
    this.asked += 1;
    if (fault === "stalls") return new Promise(() => {});
    if (fault === "loses") return undefined as Answer;
    if (fault === "fails") throw new Error("connection reset");
    const answer = await operation();
    if (fault === "reply-lost") throw new Error("connection reset");
    return answer;
  }
}
