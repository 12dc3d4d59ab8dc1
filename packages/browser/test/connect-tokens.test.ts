import { connectTokens } from "@tokenflight/browser";
import { createTokenCache, toTokenResponse, type TokenResponse, type TokenSet } from "@tokenflight/core";
import { expect, it } from "vitest";

const answer: TokenResponse = { access_token: "a-1", refresh_token: "r-1", expires_in: 60 };

/** Node has no service workers, so that the page's own cache is used. */
function connect() {
  const cache = createTokenCache({ source: async () => answer });
  let saves = 0;
  const counted = { ...cache, save: async (given: TokenSet | TokenResponse) => ((saves += 1), cache.save(given)) };
  const client = {
    authorizationUrl: async () => ({ url: "https://login.example.com/", pending: { state: "s" } }),
    exchangeCallback: async () => cache.save(answer),
  };
  const tokens = connectTokens({ worker: "/worker.js", fallback: () => counted as typeof cache, client });
  return { tokens, saves: () => saves };
}

it("a login that is saved already is not saved again by a page that saves what it gets", async () => {
  const { tokens, saves } = connect();
  const tokenSet = await tokens.client.exchangeCallback("https://app.example.com/callback?state=s&code=c", { state: "s" });
  expect(saves()).toBe(1);
  expect(await tokens.save(tokenSet)).toBe(tokenSet);
  expect(saves()).toBe(1);
  // One of the page's own is.
  await tokens.save(toTokenResponse(tokenSet));
  expect(saves()).toBe(2);
  await tokens.close();
});

it("is closed for every call that comes later", async () => {
  const { tokens } = connect();
  expect(await tokens.place).toBe("page");
  await tokens.close();
  await expect(tokens.get()).rejects.toMatchObject({ code: "ERR_CLOSED" });
  await expect(tokens.save(answer)).rejects.toMatchObject({ code: "ERR_CLOSED" });
});
