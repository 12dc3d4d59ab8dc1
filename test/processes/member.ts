/** A process or a worker thread that holds the tokens of any number of subjects over a shared store, and can end or stop itself in a refresh. */
import { createTokenCache, TokenSet, type TokenCache, type TokenEvent } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { CrashPoints } from "./crash-points.ts";
import type { MemberCommands } from "./member-commands.ts";
import type { MemberSetting } from "./member-setting.ts";
import { openStore } from "./open-store.ts";
import { outcomeOf } from "./outcome.ts";
import { readSetting, serveCommands } from "./serve-commands.ts";
import { subjectFetch } from "./subject-fetch.ts";

const { store: storeSetting, tokenEndpoint, clientId, clientSecret, grant, timeouts } = readSetting<MemberSetting>();
const points = new CrashPoints();
const store = points.inStore(await openStore(storeSetting));
const events: Partial<Record<TokenEvent["type"], number>> = {};
const caches = new Map<string, TokenCache>();

function cacheOf(key: string): TokenCache {
  const known = caches.get(key);
  if (known !== undefined) return known;
  const clientAuth = clientSecretBasic(clientSecret);
  const client = createOAuthClient({ tokenEndpoint, clientId, clientAuth, fetch: subjectFetch(key, points.fetch) });
  const cache = createTokenCache({
    source: points.inSource(grant === undefined ? client.refreshToken() : client.clientCredentials()),
    store,
    key,
    timeouts,
    observe: ({ type }) => {
      events[type] = (events[type] ?? 0) + 1;
    },
  });
  caches.set(key, cache);
  return cache;
}

async function renew(cache: TokenCache, refused: string | undefined): Promise<TokenSet> {
  const taken = refused === undefined ? await cache.get() : new TokenSet({ accessToken: refused, tokenType: "Bearer", issuedAt: 0 });
  return cache.renew(taken);
}

serveCommands({
  get: (key) => outcomeOf(cacheOf(key).get()),
  renew: (key, refused) => outcomeOf(renew(cacheOf(key), refused)),
  crashAt: (crash) => points.arm(crash),
  crashNow: () => points.crash(),
  holdAt: (point, refreshes) =>
    new Promise((resolve) => {
      let held = 0;
      points.hold(point, () => {
        held += 1;
        if (held === refreshes) resolve();
        return new Promise(() => {});
      });
    }),
  intentSeen: () => points.intentSeen(),
  events: () => events,
  now: () => Date.now(),
} satisfies MemberCommands);
