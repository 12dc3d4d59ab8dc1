import { memoryStore, type TokenStore } from "@tokenflight/core";
import { knowing, twice, type Mistake, withHolders } from "./mistake.ts";

/** Stores that are wrong about what is over, and about who has ended. */
export const brokenHolding: readonly Mistake[] = [
  [
    "takes a ttl for a moment",
    () => {
      const inner = memoryStore();
      const write: TokenStore["compareAndSet"] = (key, expected, value, options) =>
        inner.compareAndSet(key, expected, options?.ttl !== undefined && options.ttl < Date.now() ? undefined : value);
      return twice({ ...inner, compareAndSet: write });
    },
    ["ttl"],
  ],
  [
    "forgets that an entry was written again without an end",
    () => {
      const inner = memoryStore();
      const ends = new Map<string, number>();
      const isOver = (key: string): boolean => (ends.get(key) ?? Number.POSITIVE_INFINITY) <= performance.now();
      const write: TokenStore["compareAndSet"] = async (key, expected, value, options) => {
        const version = await inner.compareAndSet(key, expected, value);
        if (version !== undefined && options?.ttl !== undefined) ends.set(key, performance.now() + options.ttl);
        return version;
      };
      return twice({ ...inner, read: async (key) => (isOver(key) ? undefined : inner.read(key)), compareAndSet: write });
    },
    ["ttl-rewritten", "ttl-over"],
  ],
  ["has another name each time", () => twice({ ...memoryStore(), ...knowing, holder: async () => crypto.randomUUID() }), ["holder-alive"]],
  ["has one name for all", () => [withHolders(knowing), withHolders(knowing)], ["holder-alive", "holder-closed"]],
  ["says of everybody that they are gone", () => twice(withHolders({ ...knowing, isGone: async () => true })), ["holder-alive"]],
  [
    "rejects for a name that it has never heard",
    () => twice(withHolders({ ...knowing, isGone: async (name) => (name === "me" ? false : Promise.reject(new Error("no such file"))) })),
    ["holder-unknown"],
  ],
  [
    "never says that somebody is gone",
    () => [withHolders(knowing), withHolders({ ...knowing, holder: async () => "another" })],
    ["holder-closed"],
  ],
];
