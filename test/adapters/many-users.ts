import { setTimeout as sleep } from "node:timers/promises";
import { createTokenCache, TokenSet, type TokenCache } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import fc from "fast-check";
import { startAuthorizationServer } from "../servers/authorization-server.ts";
import { jsonAnswer } from "../servers/answer.ts";
import { repetitions } from "../setup/repetitions.ts";
import { refusal, startWireApi } from "./wire-session.ts";

/** What a user does: asks for something, or loses its access token. `wait` is in milliseconds, before that. */
interface Deed {
  readonly user: number;
  readonly what: "get" | "post" | "redirect" | "unavailable" | "revoke";
  readonly wait: number;
}

interface Answered {
  readonly code?: string;
  readonly user: string;
  readonly id: string;
  readonly body: string;
}

export interface Asking {
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly body: string | undefined;
}

/** A client for all users: sends a user's request, and gives the text of the answer. */
export type Ask = (user: string, request: Asking) => Promise<string>;

export interface Crowd {
  readonly origin: string;
  readonly tokensOf: (user: string) => TokenCache;
}

const users = 200;
const runs = repetitions({ ordinary: 60, full: 200 });

const deeds = fc.array(
  fc.record<Deed>({
    // Some meet themselves, most meet others.
    user: fc.oneof(fc.nat(users - 1), fc.nat(9)),
    what: fc.constantFrom("get", "post", "redirect", "unavailable", "revoke"),
    wait: fc.nat(4),
  }),
  { minLength: 5, maxLength: 20 },
);

/**
 * 200 users of a real authorization server act through one client in random orders. Throws when a request had a token of
 * somebody else's, or an answer came to somebody else. SEED=<number> looks at other orders. Returns how many requests there were.
 */
export async function actAtRandom(connect: (crowd: Crowd) => Ask): Promise<number> {
  await using server = await startAuthorizationServer({ accessTokenLifetime: 600 });
  const { clientId, clientSecret } = server.client;
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
  const owners = new Map<string, string>();
  const refresh = client.refreshToken();
  const caches = await Promise.all(
    Array.from({ length: users }, async (_, user) => {
      const tokens = createTokenCache({
        async source(context) {
          const obtained = await refresh(context);
          owners.set(String(obtained instanceof TokenSet ? obtained.accessToken : obtained["access_token"]), `user ${user}`);
          return obtained;
        },
      });
      const first = await client.exchangeCode(await server.login());
      owners.set(first.accessToken, `user ${user}`);
      await tokens.save(first);
      return tokens;
    }),
  );
  const tokensOf = (user: string): TokenCache => caches[Number(user.slice("user ".length))] as TokenCache;

  const mixedUp: string[] = [];
  const unavailable = new Set<string>();
  await using api = await startWireApi(
    (token) => server.isActive(token),
    async ({ url, token = "", isGood, body }) => {
      const { searchParams } = new URL(url, "http://api");
      const user = searchParams.get("user") ?? "";
      const id = searchParams.get("id") ?? "";
      if (owners.get(token) !== user) mixedUp.push(`${user} sent a token of ${owners.get(token) ?? "nobody"}: ${url}`);
      await sleep(id.length % 3);
      if (!isGood) return refusal;
      if (url.startsWith("/redirect")) return { status: 307, headers: { location: url.replace("/redirect", "/get") } };
      if (url.startsWith("/unavailable") && !unavailable.has(id)) {
        unavailable.add(id);
        return { status: 503, headers: { "retry-after": "0" } };
      }
      return jsonAnswer(200, { user: owners.get(token), id, body: body.toString() }, { "cache-control": "no-store" });
    },
  );

  const ask = connect({ origin: api.origin, tokensOf });
  let sent = 0;
  const act = async ({ user: number, what, wait }: Deed): Promise<void> => {
    await sleep(wait);
    const user = `user ${number}`;
    if (what === "revoke") {
      server.revokeAccessToken((await tokensOf(user).get()).accessToken);
      return;
    }
    const id = String((sent += 1));
    const body = what === "post" ? `${user} ${id}` : undefined;
    const path = `/${what}?${new URLSearchParams({ user, id }).toString()}`;
    const answer = JSON.parse(await ask(user, { path, method: what === "post" ? "POST" : "GET", body })) as Answered;
    // A token that is taken away again before the replay arrives leaves a refusal, which is nobody's answer.
    if (answer.code === "unauthorized") return;
    if (answer.user !== user || answer.id !== id || answer.body !== (body ?? "")) mixedUp.push(`${user} got ${JSON.stringify(answer)}`);
  };
  await fc.assert(
    fc.asyncProperty(deeds, async (all) => {
      await Promise.all(all.map(act));
      if (mixedUp.length > 0) throw new Error(mixedUp.join("\n"));
    }),
    { numRuns: runs, endOnFailure: true, seed: Number(process.env["SEED"] ?? 20_260_101) },
  );
  return sent;
}
