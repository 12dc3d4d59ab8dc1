import { StoreError, type EncryptionKey, type TokenStore } from "@tokenflight/core";
import { expect } from "vitest";

export const newKey = (id: string): EncryptionKey => ({ id, key: crypto.getRandomValues(new Uint8Array(32)) });
/** What whoever can write to the store does. */
export async function put(inner: TokenStore, key: string, value: string | undefined): Promise<void> {
  const entry = await inner.read(key);
  await inner.compareAndSet(key, entry?.version, value);
}

export async function valueIn(inner: TokenStore, key = "key"): Promise<string> {
  const entry = await inner.read(key);
  if (entry === undefined) throw new Error("There is no entry.");
  return entry.value;
}

export async function expectRefused(work: Promise<unknown>, because: string): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StoreError);
  expect(error).toMatchObject({ code: "ERR_STORE_RECORD_INVALID", message: expect.stringContaining(because) as unknown });
  expect((error as Error).message).not.toContain("secret");
}
