import { memoryStore, type TokenStore } from "@tokenflight/core";
import { storeContract, storeScenarios } from "@tokenflight/core/testing";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { brokenClosing } from "./broken-closing.ts";
import { brokenHolding } from "./broken-holding.ts";
import { brokenWatching } from "./broken-watching.ts";
import { brokenWriting } from "./broken-writing.ts";
import { knowing, twice, withHolders, type Pair } from "./mistake.ts";

const mistakes = [...brokenWriting, ...brokenWatching, ...brokenClosing, ...brokenHolding];

/** Resolves to the ids of the scenarios among `ids` that do not hold for a store and another handle on it. */
async function broken(open: () => Pair, ids: readonly string[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { id, run } of storeScenarios.filter((scenario) => ids.includes(scenario.id))) {
    const [store, other] = open();
    await run({ store, other, key: crypto.randomUUID() }).catch(() => failed.push(id));
  }
  return failed;
}

const readme = new URL("../../packages/core/README.md", import.meta.url);

/** What is needed of a store, and nothing else. */
function bare(): TokenStore {
  const { read, compareAndSet } = memoryStore();
  return { read, compareAndSet };
}

const without = (...names: (keyof TokenStore)[]): TokenStore =>
  Object.assign(withHolders(knowing), Object.fromEntries(names.map((name) => [name, undefined])));

const idsOf = (...groups: string[]): string[] =>
  storeScenarios.filter(({ group }) => group !== undefined && groups.includes(group)).map(({ id }) => id);

/** For each difference a store that has it, and the scenarios that do not hold for that. */
const withDifference = {
  watch: { open: () => without("watch", "watchAll"), skipped: idsOf("watch", "watch-all") },
  "watch-all": { open: () => without("watchAll"), skipped: idsOf("watch-all") },
  ttl: {
    open: (): TokenStore => {
      const store = withHolders(knowing);
      const refuse: TokenStore["compareAndSet"] = async (key, expected, value, options) => {
        if (options?.ttl !== undefined) throw new Error("It knows no ttl.");
        return store.compareAndSet(key, expected, value, options);
      };
      return { ...store, compareAndSet: refuse };
    },
    skipped: idsOf("ttl"),
  },
  "keep-open": { open: () => without("keepOpen"), skipped: idsOf("keep-open") },
  close: {
    // Whoever has made its connection closes that.
    open: () => ({ ...withHolders(knowing), close: async () => {}, [Symbol.asyncDispose]: async () => {} }),
    skipped: idsOf("close", "keep-open", "dispose"),
  },
  dispose: { open: () => without(Symbol.asyncDispose), skipped: idsOf("dispose") },
  holder: { open: () => ({ ...memoryStore(), holder: async () => "everybody" }), skipped: idsOf("holder") },
} satisfies Record<string, { open: () => TokenStore; skipped: string[] }>;

/** Runs the contract as its user does; what failed and what was skipped. */
async function outcome(open: () => TokenStore, differences: Record<string, string>): Promise<{ failed: string[]; skipped: string[] }> {
  const [failed, skipped]: string[][] = [[], []];
  const runs: (() => Promise<void>)[] = [];
  const idOf = (title: string): string => title.split(":", 1)[0] ?? "";
  const it = Object.assign(
    (title: string, run: () => Promise<void>) => runs.push(() => run().catch(() => void failed?.push(idOf(title)))),
    { skip: (title: string) => skipped?.push(idOf(title)) },
  );
  const subject = { name: "mine", open: async () => ({ store: open(), close: async () => {} }), differences };
  storeContract(subject, { describe: (_, define) => define(), it });
  for (const run of runs) await run();
  return { failed: failed ?? [], skipped: skipped ?? [] };
}

describe("the store contract", () => {
  it.concurrent.each(mistakes)("finds a store that %s", async (_, open, found) => {
    expect(await broken(open, found)).toEqual(storeScenarios.map(({ id }) => id).filter((id) => found.includes(id)));
  });

  it("has nothing against one that keeps it", async () => {
    const all = storeScenarios.map(({ id }) => id);
    expect(await broken(() => twice(withHolders(knowing)), all)).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
  });

  it("runs with any runner, and reports a declared difference as skipped with its reason", () => {
    const ran: string[] = [];
    const skipped: string[] = [];
    const test = Object.assign((name: string) => ran.push(name), { skip: (name: string) => skipped.push(name) });
    const subject = { name: "mine", open: async () => ({ store: memoryStore(), close: async () => {} }) };
    const runner = { describe: (_: string, define: () => void) => define(), it: test };
    storeContract({ ...subject, differences: { "keep-open-failed": "it cannot" } }, runner);
    expect(skipped).toEqual(["keep-open-failed: closes when work under way has failed (not run: it cannot)"]);
    expect(ran).toHaveLength(storeScenarios.length - 1);
    expect(() => storeContract({ ...subject, differences: { wach: "misspelt" } }, runner)).toThrow("wach");
  });

  describe("differences (field line 110)", () => {
    it("the ones that the README names are those that there are", () => {
      const [, documented = ""] = /differences: \{\}, .*?\{ (.*?) \}/.exec(readFileSync(readme, "utf8")) ?? [];
      expect(new Set(Array.from(documented.matchAll(/"?([a-z-]+)"?: "/g), ([, name]) => name))).toEqual(
        new Set(Object.keys(withDifference)),
      );
      expect(new Set(storeScenarios.flatMap(({ group }) => group ?? []))).toEqual(new Set(Object.keys(withDifference)));
    });

    it("the page has a row for each, with those that it includes", () => {
      const page = readFileSync(new URL("../../docs/store-contract.md", import.meta.url), "utf8");
      const rows = [...page.matchAll(/^\| `([\w-]+)` \|.*\| ([^|]*) ?\|$/gm)].map(([, name = "", includes = ""]) => [
        name,
        idsOf(name, ...[...includes.matchAll(/`([\w-]+)`/g)].map(([, one = ""]) => one)),
      ]);
      expect(Object.fromEntries(rows)).toEqual(
        Object.fromEntries(Object.entries(withDifference).map(([name, { skipped }]) => [name, skipped])),
      );
    });

    it.each(Object.entries(withDifference))("a store that has %s keeps all the rest", async (difference, { open, skipped }) => {
      const all = storeScenarios.map(({ id }) => id);
      const excused = all.filter((id) => skipped.includes(id));
      expect(await outcome(open, { [difference]: "it has none" })).toEqual({ failed: [], skipped: excused });
    });

    it("a store of the two methods that are needed has to say only that nobody is told of changes", async () => {
      const skipped = withDifference.watch.skipped;
      expect(await outcome(bare, { watch: "nobody is told" })).toEqual({ failed: [], skipped });
      expect(await outcome(bare, {})).toEqual({ failed: skipped, skipped: [] });
      // One of two methods is a mistake.
      const half = (): TokenStore => ({ ...bare(), isGone: async () => false });
      expect((await outcome(half, { watch: "nobody is told" })).failed).toEqual(withDifference.holder.skipped);
    });

    it("a reason that stands on Object.prototype is none", async () => {
      const inherited = Object.create({ watch: "polluted" }) as Record<string, string>;
      expect((await outcome(bare, inherited)).skipped).toEqual([]);
    });
  });
});
