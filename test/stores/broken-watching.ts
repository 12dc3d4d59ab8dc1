import { memoryStore, type ChangeListener, type TokenStore, type Version } from "@tokenflight/core";
import { twice, type Mistake } from "./mistake.ts";

/** Tells of all changes rightly, but for their marks. */
function handingOn(mistaken: (mark: string | undefined, key: string | undefined) => string | undefined): TokenStore {
  const inner = memoryStore();
  return { ...inner, watchAll: (changed) => inner.watchAll((key, version, mark) => changed(key, version, mistaken(mark, key))) };
}

function markingDeletions(): TokenStore {
  const inner = memoryStore();
  let given: string | undefined;
  return {
    ...inner,
    compareAndSet(key, expected, value, options) {
      given = options?.mark;
      return inner.compareAndSet(key, expected, value, options);
    },
    watchAll: (changed) => inner.watchAll((key, version) => changed(key, version, given)),
  };
}

/** Stores that hint wrongly at changes. */
export const brokenWatching: readonly Mistake[] = [
  ["never hints", () => twice({ ...memoryStore(), watch: () => () => {} }), ["watch"]],
  [
    "hints when it is asked to, and never again",
    () => {
      const hintAtOnce: TokenStore["watch"] = (_, changed) => {
        queueMicrotask(changed);
        return () => {};
      };
      return twice({ ...memoryStore(), watch: hintAtOnce });
    },
    ["watch"],
  ],
  [
    "knows a watcher by its function",
    () => {
      const inner = memoryStore();
      const watching = new Map<() => void, () => void>();
      const watch: TokenStore["watch"] = (key, changed) => {
        if (!watching.has(changed)) watching.set(changed, inner.watch?.(key, changed) ?? (() => {}));
        return () => watching.get(changed)?.();
      };
      return twice({ ...inner, watch });
    },
    ["watch-twice"],
  ],
  ["never tells who listens to all entries", () => twice({ ...memoryStore(), watchAll: () => () => {} }), ["watch-all"]],
  [
    "tells who listens to all entries only once, when they begin",
    () => {
      const tellAtOnce = (changed: ChangeListener): (() => void) => {
        queueMicrotask(changed);
        return () => {};
      };
      return twice({ ...memoryStore(), watchAll: tellAtOnce });
    },
    ["watch-all"],
  ],
  [
    "tells only of the entry that was written first",
    () => {
      const inner = memoryStore();
      let first: string | undefined;
      const watchAll = (changed: ChangeListener): (() => void) =>
        inner.watchAll((key, version) => {
          first ??= key;
          if (key === first) changed(key, version);
        });
      return twice({ ...inner, watchAll });
    },
    ["watch-all", "watch-all-own"],
  ],
  [
    "tells of the version before",
    () => {
      const inner = memoryStore();
      const before = new Map<string | undefined, Version | undefined>();
      const watchAll = (changed: ChangeListener): (() => void) =>
        inner.watchAll((key, version) => {
          changed(key, before.get(key) ?? "none");
          before.set(key, version);
        });
      return twice({ ...inner, watchAll });
    },
    ["watch-all", "watch-all-own"],
  ],
  ["hands on no marks", () => twice(handingOn(() => undefined)), ["watch-all-mark"]],
  [
    "keeps the mark of an entry when a write has none",
    () => {
      const last = new Map<string | undefined, string | undefined>();
      return twice(handingOn((mark, key) => last.set(key, mark ?? last.get(key)).get(key)));
    },
    ["watch-all-mark"],
  ],
  ["takes an empty mark for none", () => twice(handingOn((mark) => mark || undefined)), ["watch-all-mark"]],
  ["ends a mark at a colon", () => twice(handingOn((mark) => mark?.split(":")[0])), ["watch-all-mark"]],
  ["sends marks as UTF-8", () => twice(handingOn((mark) => mark?.toWellFormed())), ["watch-all-mark"]],
  ["cuts long marks", () => twice(handingOn((mark) => mark?.slice(0, 100))), ["watch-all-mark"]],
  [
    "hands on marks only of its own writes",
    () => {
      const inner = memoryStore();
      return [inner, { ...inner, compareAndSet: (key, expected, value) => inner.compareAndSet(key, expected, value) }];
    },
    ["watch-all-mark"],
  ],
  [
    "hands on marks only of others' writes",
    () => {
      const inner = memoryStore();
      return [{ ...inner, compareAndSet: (key, expected, value) => inner.compareAndSet(key, expected, value) }, inner];
    },
    ["watch-all-mark"],
  ],
  ["marks deletions", () => twice(markingDeletions()), ["watch-all-mark"]],
  [
    "goes on telling a listener that has stopped",
    () => {
      const inner = memoryStore();
      const watchAll = (changed: ChangeListener): (() => void) => {
        inner.watchAll(changed);
        return () => {};
      };
      return twice({ ...inner, watchAll });
    },
    ["watch-all-stop"],
  ],
  [
    "knows a listener by its function",
    () => {
      const inner = memoryStore();
      const listening = new Map<ChangeListener, () => void>();
      const watchAll = (changed: ChangeListener): (() => void) => {
        if (!listening.has(changed)) listening.set(changed, inner.watchAll(changed));
        return () => listening.get(changed)?.();
      };
      return twice({ ...inner, watchAll });
    },
    ["watch-all-twice"],
  ],
];
