import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

interface SimKey {
  readonly bytes: Uint8Array;
}

interface Sealing {
  readonly iv: Uint8Array;
  readonly additionalData: Uint8Array;
}

const tagLength = 16;

/** Those operations of WebCrypto that seal the values of a store, done at once: on another thread they would take a time that no seed decides. */
export const sealing = {
  async importKey(_format: "raw", bytes: Uint8Array): Promise<SimKey> {
    return { bytes: Uint8Array.from(bytes) };
  },

  async deriveBits(
    { salt, info }: { readonly salt: Uint8Array; readonly info: Uint8Array },
    { bytes }: SimKey,
    length: number,
  ): Promise<ArrayBuffer> {
    return hkdfSync("sha256", bytes, salt, info, length / 8);
  },

  async encrypt({ iv, additionalData }: Sealing, { bytes }: SimKey, data: Uint8Array): Promise<ArrayBuffer> {
    const cipher = createCipheriv("aes-256-gcm", bytes, iv).setAAD(additionalData);
    return Uint8Array.from([...cipher.update(data), ...cipher.final(), ...cipher.getAuthTag()]).buffer;
  },

  async decrypt({ iv, additionalData }: Sealing, { bytes }: SimKey, data: Uint8Array): Promise<ArrayBuffer> {
    const decipher = createDecipheriv("aes-256-gcm", bytes, iv).setAAD(additionalData).setAuthTag(data.subarray(-tagLength));
    return Uint8Array.from([...decipher.update(data.subarray(0, -tagLength)), ...decipher.final()]).buffer;
  },
};
