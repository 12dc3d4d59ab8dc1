/** One way in which a browser lacks storage, or denies it, from the moment when `deny` is called in a page. */
export interface Denial {
  readonly name: string;
  deny(): void;
  /** What the page is warned of. */
  readonly warnings: readonly string[];
  /** Whether the page still shares its login with other tabs. */
  readonly shares: boolean;
  /** Takes seconds until it is known. */
  readonly isSlow?: boolean;
}

const memory = { warnings: ["memory"], shares: false };
const all = { warnings: [], shares: true };

function replace(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}

const refused = (): never => {
  throw new DOMException("The operation is insecure.", "SecurityError");
};

/** An `open` that answers with an error, as often as it is said, and then opens. */
function failing(times: number): void {
  const open = indexedDB.open.bind(indexedDB);
  let left = times;
  replace(IDBFactory.prototype, "open", (...given: Parameters<typeof open>) => {
    left -= 1;
    if (left < 0) return open(...given);
    const request = { error: new DOMException("Internal error.", "UnknownError"), onerror: (): void => {} };
    setTimeout(() => request.onerror());
    return request;
  });
}

/** An `open` that answers so many milliseconds later. */
function late(delay: number): void {
  const open = indexedDB.open.bind(indexedDB);
  replace(IDBFactory.prototype, "open", (...given: Parameters<typeof open>) => {
    const handlers: Partial<IDBOpenDBRequest> = {};
    const request = {
      ...handlers,
      get result(): IDBDatabase | undefined {
        return real?.result;
      },
      error: null,
    };
    let real: IDBOpenDBRequest | undefined;
    setTimeout(() => {
      real = open(...given);
      Object.assign(real, { onupgradeneeded: request.onupgradeneeded, onsuccess: request.onsuccess, onerror: request.onerror });
    }, delay);
    return request;
  });
}

export const denials: readonly Denial[] = [
  { name: "no IndexedDB", ...memory, deny: () => replace(globalThis, "indexedDB", undefined) },
  { name: "an IndexedDB that throws", ...memory, deny: () => replace(IDBFactory.prototype, "open", refused) },
  { name: "an IndexedDB that fails", ...memory, deny: () => failing(Infinity) },
  { name: "an IndexedDB that fails once", ...all, deny: () => failing(1) },
  { name: "an IndexedDB that hangs", ...memory, isSlow: true, deny: () => replace(IDBFactory.prototype, "open", () => ({})) },
  { name: "an IndexedDB that opens late", ...all, isSlow: true, deny: () => late(1500) },
  { name: "an IndexedDB that opens very late", warnings: ["memory"], shares: true, isSlow: true, deny: () => late(4500) },
  { name: "no Web Locks", ...all, deny: () => replace(navigator, "locks", undefined) },
  {
    name: "Web Locks that are denied",
    ...all,
    deny: () => replace(navigator, "locks", { request: async () => refused(), query: async () => refused() }),
  },
  { name: "no BroadcastChannel", ...all, deny: () => replace(globalThis, "BroadcastChannel", undefined) },
  { name: "a BroadcastChannel that is denied", ...all, deny: () => replace(globalThis, "BroadcastChannel", refused) },
];
