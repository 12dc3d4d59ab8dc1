import { readTokenResponse, TokenflightError, toTokenResponse, type TokenCache } from "@tokenflight/core";
import type { LoginClient } from "../login/pending-logins.ts";
import type { Call } from "./protocol.ts";

/** What a page does itself where it has no worker to ask. */
export async function inPage(
  tokens: TokenCache,
  client: LoginClient<never, { readonly state: string }> | undefined,
  call: Call,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  switch (call.name) {
    case "get":
      return toTokenResponse(await tokens.get({ minValidity: call.minValidity, signal }));
    case "renew":
      return toTokenResponse(await tokens.renew(readTokenResponse(call.refused, Date.now()), { signal }));
    case "save":
      return toTokenResponse(await tokens.save(call.tokens));
    case "seed":
      return tokens.seed(call.tokens);
    case "forget":
      return tokens.forget({ revoke: call.revoke });
    case "reread": {
      const tokenSet = await tokens.reread();
      return tokenSet && toTokenResponse(tokenSet);
    }
    case "status":
      return undefined;
  }
  if (client === undefined)
    throw new TokenflightError("ERR_INVALID_OPTION", "connectTokens: expected the option client, for logins in the page.");
  if (call.name === "authorizationUrl") return client.authorizationUrl(call.request as never);
  return toTokenResponse(await tokens.save(await client.exchangeCallback(call.url, call.pending as never)));
}
