/**
 * What has to work on every platform: a storm of requests with a token that has expired, one with a token that is refused, a request to an origin that may not
 * have the token, and one that is redirected there. It runs on the platform itself, against servers that count. It has to do without whatever a platform may lack.
 */
import { createTokenCache, memoryStore, type TokenCache, type TokenStore } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";

/** Where the servers are. */
export interface ContractSetting {
  /** Of the API, and of the token endpoint. */
  readonly origin: string;
  /** May not have the token. */
  readonly foreign: string;
  /** What one client sends has this in its paths. */
  readonly name: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends a POST request where there is a body, and a GET request elsewhere. */
export type Send = (url: string, body?: string) => Promise<Answer>;

/** Puts the token on a client's requests to this origin. */
export type Attach = (tokens: TokenCache, origin: string) => Send | Promise<Send>;

/** A client on its way: what puts the token on, and where tokens come from and are. */
export interface Way {
  readonly attach: Attach;
  /** Default "client credentials". */
  readonly grant?: "client credentials" | "refresh token";
  /** Default: the memory of the cache. */
  readonly store?: () => TokenStore | Promise<TokenStore>;
}

export const calls = 50;
/** About the size of a small form with a picture's worth of text in it: larger than one packet. */
const filler = "0123456789abcdef".repeat(256);

/** Runs it, and says what went wrong on this side; the servers know the rest. */
export async function runContract(way: Way, { origin, foreign, name }: ContractSetting): Promise<string[]> {
  const { attach, grant = "client credentials", store } = way;
  const client = createOAuthClient({
    tokenEndpoint: `${origin}/${name}/token`,
    clientId: "id",
    clientAuth: clientSecretBasic("secret"),
  });
  const source = grant === "refresh token" ? client.refreshToken() : client.clientCredentials();
  const shared = await (store?.() ?? (grant === "refresh token" ? memoryStore() : undefined));
  const tokens = createTokenCache({ source, ...(shared && { store: shared, key: "ada" }) });
  try {
    // Over since 2020, and as a login leaves it.
    await tokens.save({ access_token: "a-0", refresh_token: "r-0", expires_at: 1_577_836_800 });
    const send = await attach(tokens, origin);
    const wrong = await storm(send, `${origin}/${name}/expired`);
    await fetch(`${origin}/${name}/revoke`, { method: "POST" });
    wrong.push(...(await storm(send, `${origin}/${name}/refused`)));
    for (const url of [`${foreign}/${name}/asked`, `${origin}/${name}/redirect`]) {
      const { status } = await send(url);
      if (status !== 200) wrong.push(`${url} answered ${status}`);
    }
    return wrong;
  } finally {
    await tokens.close();
    await shared?.close?.();
  }
}

async function storm(send: Send, url: string): Promise<string[]> {
  const wrong: string[] = [];
  const one = async (index: number): Promise<void> => {
    const body = JSON.stringify({ index, filler });
    const { status, text } = await send(`${url}/${index}`, body);
    if (status !== 200) wrong.push(`${url}/${index} answered ${status}: ${text.slice(0, 200)}`);
    else if (text !== body) wrong.push(`${url}/${index} arrived as ${text.length} characters`);
  };
  await Promise.all(Array.from({ length: calls }, (_, index) => one(index)));
  return wrong;
}

/** Runs it for several clients, one after the other. An error stands in place of what went wrong. */
export async function runAll(
  ways: Readonly<Record<string, Way>>,
  setting: Omit<ContractSetting, "name">,
): Promise<Record<string, string[]>> {
  const results: Record<string, string[]> = {};
  for (const [name, way] of Object.entries(ways)) {
    results[name] = await runContract(way, { ...setting, name: encodeURIComponent(name) }).catch((error: unknown) => [describe(error)]);
  }
  return results;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, cause } = error;
  return `${name}: ${message}${cause === undefined ? "" : ` (${describe(cause)})`}`;
}
