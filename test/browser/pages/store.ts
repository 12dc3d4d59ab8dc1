import { indexedDbStore, type IndexedDbStore } from "@tokenflight/browser";
import { encryptedStore, type TokenStore } from "@tokenflight/core";
import { storeScenarios } from "@tokenflight/core/testing";

/** What a page offers to the test that drives it. */
export interface StorePage {
  scenarios(): { id: string; title: string }[];
  /** Plays one scenario of the store contract, and gives what did not hold. */
  play(id: string, kind: "plain" | "encrypted"): Promise<string | undefined>;
  open(name: string): IndexedDbStore;
  readonly warnings: string[];
}

declare global {
  // eslint-disable-next-line no-var
  var page: StorePage;
}

const warnings: string[] = [];
const key = crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);

globalThis.page = {
  warnings,
  open: (name) => indexedDbStore({ name, warn: ({ message }) => void warnings.push(message) }),
  scenarios: () => storeScenarios.map(({ id, title }) => ({ id, title })),
  async play(id, kind) {
    const name = `contract ${crypto.randomUUID()}`;
    const keys = [{ id: "k1", key: await key }];
    const handle = (): TokenStore => {
      const store = page.open(name);
      return kind === "plain" ? store : encryptedStore(store, { keys });
    };
    const [store, other] = [handle(), handle()];
    try {
      await storeScenarios.find((scenario) => scenario.id === id)?.run({ store, other, key: crypto.randomUUID() });
      return undefined;
    } catch (error) {
      return error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    } finally {
      await Promise.all([store.close?.(), other.close?.()]);
      indexedDB.deleteDatabase(name);
    }
  },
};
