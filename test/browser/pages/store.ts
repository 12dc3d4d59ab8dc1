import { encryptionKey, indexedDbStore, type IndexedDbStore } from "@tokenflight/browser";
import { encryptedStore, type TokenStore } from "@tokenflight/core";
import { storeScenarios } from "@tokenflight/core/testing";
import { sharedTurn } from "@tokenflight/oauth";

/** What a page offers to the test that drives it. */
export interface StorePage {
  scenarios(): { id: string; title: string }[];
  /** Plays one scenario of the store contract, and gives what did not hold. */
  play(id: string, kind: "plain" | "encrypted"): Promise<string | undefined>;
  open(name: string): IndexedDbStore;
  readonly warnings: string[];
  readonly sharedTurn: typeof sharedTurn;
  /** Encrypts a text with the key of this browser, or decrypts one; says what becomes of an attempt to read the key. */
  seal(name: string, text: string): Promise<readonly number[]>;
  unseal(name: string, sealed: readonly number[]): Promise<string>;
  readKey(name: string): Promise<string>;
}

declare global {
  var page: StorePage;
}

const warnings: string[] = [];

const keyOf = async (name: string): Promise<CryptoKey> => (await encryptionKey({ name })).key as CryptoKey;
const algorithm = { name: "AES-GCM", iv: new Uint8Array(12) };

/** On a busy machine a database takes its time, and operations fail meanwhile, as they should. */
const opened = (store: TokenStore): Promise<unknown> => Promise.resolve(store.read("opened")).catch(() => opened(store));

globalThis.page = {
  warnings,
  sharedTurn,
  seal: async (name, text) => {
    const sealed = await crypto.subtle.encrypt(algorithm, await keyOf(name), new TextEncoder().encode(text));
    return Array.from(new Uint8Array(sealed));
  },
  unseal: async (name, sealed) =>
    new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, await keyOf(name), Uint8Array.from(sealed))),
  readKey: async (name) =>
    crypto.subtle.exportKey("raw", await keyOf(name)).then(
      () => "read",
      (error: Error) => error.name,
    ),
  open: (name) => indexedDbStore({ name, warn: ({ message }) => void warnings.push(message) }),
  scenarios: () => storeScenarios.map(({ id, title }) => ({ id, title })),
  async play(id, kind) {
    const name = `contract ${crypto.randomUUID()}`;
    const keys = [await encryptionKey({ name: "contract" })];
    const handle = (): TokenStore => {
      const store = page.open(name);
      return kind === "plain" ? store : encryptedStore(store, { keys });
    };
    const [store, other] = [handle(), handle()];
    await Promise.all([opened(store), opened(other)]);
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
