import { memoryStore, type TokenStore } from "@tokenflight/core";
import { storeContract, storeScenarios } from "@tokenflight/core/testing";
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

  it.each(["watch", "watch-all", "ttl", "keep-open", "close", "dispose", "holder"])(
    "leaves out all scenarios that need %s when this difference is declared, and none else",
    async (group) => {
      const ran: (() => Promise<void>)[] = [];
      const skipped: string[] = [];
      const test = Object.assign((_: string, run: () => Promise<void>) => ran.push(run), {
        skip: (name: string) => skipped.push(name.split(":")[0] as string),
      });
      const methods = { watch: ["watch"], "watch-all": ["watchAll"], "keep-open": ["keepOpen"], dispose: [Symbol.asyncDispose] };
      const without = Object.fromEntries((methods[group as keyof typeof methods] ?? []).map((name) => [name, undefined]));
      const open = async () => ({
        store: { ...withHolders(group === "holder" ? {} : knowing), ...without } as TokenStore,
        close: async () => {},
      });
      storeContract({ name: "mine", open, differences: { [group]: "it has none" } }, { describe: (_, define) => define(), it: test });
      expect(skipped).toEqual(storeScenarios.filter((scenario) => scenario.group === group).map(({ id }) => id));
      expect(skipped.length).toBeGreaterThan(0);
      await Promise.all(ran.map((run) => run()));
    },
  );
});
