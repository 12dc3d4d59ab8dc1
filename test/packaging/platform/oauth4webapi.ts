/** What oauth4webapi takes from the platform when it is loaded: jsdom under Jest has neither of the two, and lacks them only where they are used. */

class LateTextEncoder {
  encode(text: string): Uint8Array {
    return new globalThis.TextEncoder().encode(text);
  }
}

class LateTextDecoder {
  decode(bytes: Uint8Array): string {
    return new globalThis.TextDecoder().decode(bytes);
  }
}

export { LateTextEncoder as TextEncoder, LateTextDecoder as TextDecoder };
