import { memoryStore, StoreError, type TokenStore } from "@tokenflight/core";
import { twice, type Mistake } from "./mistake.ts";

const ended = new StoreError("ERR_CLOSED", "The store is closed.");

function withoutWatchingWhenClosed(): TokenStore {
  const inner = memoryStore();
  let closed = false;
  return {
    ...inner,
    watch(key, changed) {
      if (closed) throw ended;
      return inner.watch(key, changed);
    },
    async close() {
      closed = true;
      await inner.close();
    },
  };
}

/** Stores that end wrongly. */
export const brokenClosing: readonly Mistake[] = [
  [
    "closes for everybody",
    () => {
      const inner = memoryStore();
      let closed = false;
      const open = (): TokenStore => ({
        read: async (key) => (closed ? Promise.reject(ended) : inner.read(key)),
        compareAndSet: async (...given) => (closed ? Promise.reject(ended) : inner.compareAndSet(...given)),
        close: async () => void (closed = true),
      });
      return [open(), open()];
    },
    ["close"],
  ],
  [
    "goes on after it was closed",
    () => twice({ ...memoryStore(), close: async () => {}, [Symbol.asyncDispose]: async () => {} }),
    ["close", "keep-open", "keep-open-failed", "dispose"],
  ],
  [
    "rejects with an error without a code once it is closed",
    () => {
      const inner = memoryStore();
      const uncoded = (error: unknown): never => {
        throw new Error((error as Error).message);
      };
      return twice({
        ...inner,
        read: (key) => inner.read(key).catch(uncoded),
        compareAndSet: (...given) => inner.compareAndSet(...given).catch(uncoded),
      });
    },
    ["close", "keep-open", "keep-open-failed", "dispose"],
  ],
  [
    "closes without waiting for work under way",
    () => {
      const inner = memoryStore();
      return twice({ ...inner, keepOpen: () => {} });
    },
    ["keep-open"],
  ],
  [
    "takes new work while it waits to close",
    () => {
      const inner = memoryStore();
      const keepOpen = (work: Promise<unknown>): void => {
        try {
          inner.keepOpen(work);
        } catch {
          // It begins all the same.
        }
      };
      return twice({ ...inner, keepOpen });
    },
    ["keep-open"],
  ],
  [
    "reads and writes no more while it waits to close",
    () => {
      const inner = memoryStore();
      let closing = false;
      const close = (): Promise<void> => {
        closing = true;
        return inner.close();
      };
      return twice({
        ...inner,
        compareAndSet: async (...given) => (closing ? Promise.reject(ended) : inner.compareAndSet(...given)),
        close,
      });
    },
    ["keep-open"],
  ],
  [
    "never closes when work under way has failed",
    () => {
      const inner = memoryStore();
      const works: Promise<unknown>[] = [];
      const close = async (): Promise<void> => {
        await Promise.all(works);
        await inner.close();
      };
      return twice({ ...inner, keepOpen: (work) => void works.push(work), close });
    },
    ["keep-open-failed"],
  ],
  ["throws for who watches once it is closed", () => twice(withoutWatchingWhenClosed()), ["close-watching"]],
];
