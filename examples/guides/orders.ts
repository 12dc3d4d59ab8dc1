import type { TokenCache } from "@tokenflight/core";
import { bearer } from "@tokenflight/fetch";

export interface Orders {
  open(): Promise<string[]>;
}

/** The code under test. It is given its token cache, so that a test gives it another one. */
export function createOrders(tokens: TokenCache, origin: string): Orders {
  const api = bearer(tokens, { origins: origin })(fetch);
  return {
    async open() {
      const response = await api(`${origin}/orders?state=open`);
      if (!response.ok) throw new Error(`The API answered ${response.status}.`);
      return (await response.json()) as string[];
    },
  };
}
