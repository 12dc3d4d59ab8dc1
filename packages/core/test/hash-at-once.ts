import { createHash } from "node:crypto";
import { vi } from "vitest";

/** A key is hashed on another thread, which no clock of a test can wait for: from here on it is done at once. */
export function hashAtOnce(): void {
  vi.spyOn(crypto.subtle, "digest").mockImplementation((_, data) => {
    const digest = createHash("sha256")
      .update(new Uint8Array(data as ArrayBuffer))
      .digest();
    return Promise.resolve(Uint8Array.from(digest).buffer);
  });
}
