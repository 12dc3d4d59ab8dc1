import { TokenSet, type NamedTokenCache } from "@tokenflight/core";
import { expect, it } from "vitest";
import { WantedScopes } from "../src/server/wanted-scopes.ts";

it.each([
  ["the same scopes", "write"],
  ["others", "list"],
])(
  "whoever wants %s than a request that is over asks by itself in time, as in workerd, where what a request has begun may end with it",
  async (_, scope) => {
    const wanted = new WantedScopes(10);
    const asked: string[] = [];
    const dropped = { peek: () => undefined, get: () => new Promise<TokenSet>(() => {}) } as Partial<NamedTokenCache> as NamedTokenCache;
    const leaving = AbortSignal.timeout(20);
    await expect(wanted.obtain(dropped, ["write"], undefined, leaving)).rejects.toThrow("timeout");
    const obtained = new TokenSet({ accessToken: "a", tokenType: "Bearer", issuedAt: 0 });
    const get = async (): Promise<TokenSet> => {
      asked.push(...wanted.scopes);
      return obtained;
    };
    const working = { peek: () => undefined, get } as Partial<NamedTokenCache> as NamedTokenCache;
    await wanted.obtain(working, [scope], undefined, undefined);
    expect(asked).toEqual([scope]);
    expect(wanted.scopes).toEqual([]);
  },
);
