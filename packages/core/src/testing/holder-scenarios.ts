import type { TokenStore } from "../store/store.ts";
import { check } from "./check.ts";
import type { StoreScenario } from "./store-under-test.ts";

type Knowing = TokenStore & Required<Pick<TokenStore, "holder" | "isGone">>;

function requireHolder(store: TokenStore): asserts store is Knowing {
  const has = store.holder !== undefined && store.isGone !== undefined;
  check(has, 'a store with one of holder and isGone has both; declare the difference "holder" when it has none');
}

/** Whether a store knows nothing of those who use it, as one that no machine of theirs runs: there is nothing to test then. */
function knowsNobody(store: TokenStore): boolean {
  return store.holder === undefined && store.isGone === undefined;
}

/** What a store knows of those who use it. That it learns of a process that was killed, no test of one process can show. */
export const holderScenarios: readonly StoreScenario[] = [
  {
    id: "holder-alive",
    group: "holder",
    title: "gives each handle one name, and says of nobody who lives that they are gone",
    async run({ store, other }) {
      if (knowsNobody(store)) return;
      requireHolder(store);
      requireHolder(other);
      const [name, another] = [await store.holder(), await other.holder()];
      check((await store.holder()) === name, "a holder has the same name each time");
      check(other === store || name !== another, "two handles have two names");
      for (const handle of [store, other]) {
        check(!(await handle.isGone(name)), "a holder that lives is not gone");
        check(!(await handle.isGone(another)), "another holder that lives is not gone");
      }
    },
  },
  {
    id: "holder-unknown",
    group: "holder",
    title: "answers for any name, and does not reject",
    async run({ store }) {
      if (knowsNobody(store)) return;
      requireHolder(store);
      for (const name of ["", "../../etc/passwd", "\0", "\u{1F511}", "x".repeat(10_000), crypto.randomUUID()]) {
        check(typeof (await store.isGone(name)) === "boolean", "it says whether a holder is gone of whom nobody has heard");
      }
    },
  },
  {
    id: "holder-closed",
    group: "holder",
    title: "says of a handle that was closed that it is gone, and of nobody else",
    async run({ store, other }) {
      if (knowsNobody(store)) return;
      requireHolder(store);
      requireHolder(other);
      const [name, another] = [await store.holder(), await other.holder()];
      if (other === store) return;
      await other.close?.();
      check(await store.isGone(another), "a holder is gone when its handle was closed");
      check(!(await store.isGone(name)), "a holder that lives is not gone when another one is");
      check((await store.holder()) === name, "a holder keeps its name when another one is gone");
    },
  },
];
