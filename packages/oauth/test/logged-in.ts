import { createTokenCache, memoryStore, type TokenCache, type TokenEvent } from "@tokenflight/core";
import { type FetchFunction, type OAuthClientOptions } from "@tokenflight/oauth";
import { clientAnsweredBy } from "./answered-client.ts";

export type Body = object | string;

export interface Login {
  readonly tokens: TokenCache;
  readonly events: TokenEvent[];
  /** The refresh tokens that were sent. */
  readonly sent: (string | null)[];
}

/** A user who has just logged in, and a server that gives these answers, one after the other. */
export async function logIn(
  answers: readonly (readonly [status: number, body: Body])[],
  options: Partial<OAuthClientOptions> = {},
  first: object = {},
): Promise<Login> {
  const sent: (string | null)[] = [];
  const fetch: FetchFunction = async (_, { body }) => {
    const [status, answer] = answers[sent.length] ?? [500, ""];
    sent.push(new URLSearchParams(body as string).get("refresh_token"));
    return new Response(typeof answer === "string" ? answer : JSON.stringify(answer), { status });
  };
  const client = clientAnsweredBy(fetch, options);
  const events: TokenEvent[] = [];
  const store = memoryStore();
  const tokens = createTokenCache({ source: client.refreshToken(), store, key: "user", observe: (event) => events.push(event) });
  await tokens.save({ access_token: "access-0", refresh_token: "refresh-0", expires_in: 3600, ...first });
  return { tokens, events, sent };
}
