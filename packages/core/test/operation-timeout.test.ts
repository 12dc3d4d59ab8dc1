import { describe, expect, it } from "vitest";
import { createTokenCache, encryptedStore, type TokenStore } from "../src/index.ts";
import { SingleUses } from "../src/cache/single-use.ts";

const silent: TokenStore = { read: () => new Promise(() => {}), compareAndSet: () => new Promise(() => {}) };
const sealed = (store: TokenStore): TokenStore => encryptedStore(store, { keys: [{ id: "1", key: new Uint8Array(32) }] });
const patient = { ...silent, operationTimeout: 0.02 };

describe("a store that says how long its operations may take", () => {
  it.each([
    ["is believed", patient, {}, 20],
    ["is believed beneath another one", sealed(patient), {}, 20],
    ["is not, where the program says so itself", patient, { store: 0.03 }, 30],
    ["may say nothing", { ...silent, operationTimeout: undefined }, { store: 0.01 }, 10],
    ["may do so beneath another one", sealed(silent), { store: 0.01 }, 10],
  ])("%s", async (_, store, timeouts, milliseconds) => {
    const error = { code: "ERR_STORE_UNAVAILABLE", message: `The store did not answer within ${milliseconds} ms.` };
    const source = async (): Promise<{ access_token: string }> => ({ access_token: "a" });
    const tokens = createTokenCache({
      source: Object.assign(source, { spendsRefreshToken: "own" as const }),
      store,
      key: "me",
      identity: "here",
      timeouts,
    });
    await expect(tokens.reread()).rejects.toMatchObject(error);
    const single = new SingleUses({ timeouts }, store).of({ store, name: "one", source, observe: () => {} });
    await expect(single.look()).rejects.toMatchObject(error);
  });
});
