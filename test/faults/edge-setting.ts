import { createTokenCache } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import type { MemberSetting, StoreSetting } from "../processes/member-setting.ts";
import { openStore } from "../processes/open-store.ts";
import { outcomeOf, type Outcome } from "../processes/outcome.ts";
import { subjectHeader } from "../processes/subject-fetch.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import type { TokenFault } from "../servers/token-endpoint-faults.ts";

/** A strict authorization server, for processes over any number of stores. */
export interface EdgeSetting extends AsyncDisposable {
  readonly server: AuthorizationServer;
  /** What a process that shares this store is told. */
  memberOf(store: StoreSetting): MemberSetting;
  /** Logs a new subject in, through a connection of its own. */
  logIn(store: StoreSetting): Promise<{ readonly key: string; readonly accessToken: string }>;
  /** What becomes of this subject's token requests from now on. */
  onTokenRequest(key: string, fault: TokenFault): void;
  /** What a program finds that starts now, and needs a new token of this subject. `took` is in milliseconds. */
  nextStart(store: StoreSetting, key: string): Promise<{ readonly kept: boolean; readonly outcome: Outcome; readonly took: number }>;
  /** Whether this is a token that a resource server takes. */
  isGood(outcome: Outcome): boolean;
}

/** Seconds. */
const lifetime = 600;

export async function startEdgeSetting(): Promise<EdgeSetting> {
  const server = await startAuthorizationServer({ accessTokenLifetime: lifetime });
  const { tokenEndpoint } = server;
  const { clientId, clientSecret } = server.client;
  const client = createOAuthClient({ tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
  const faults = new Map<string, TokenFault>();
  server.faults.always((request, carryOut) => faults.get(String(request.headers[subjectHeader]))?.(request, carryOut) ?? carryOut());
  const isGood = (outcome: Outcome): boolean => outcome.ok && server.isActive(outcome.accessToken);
  return {
    server,
    memberOf: (store) => ({ store, tokenEndpoint, clientId, clientSecret }),
    async logIn(setting) {
      const key = crypto.randomUUID();
      await using store = await openStore(setting);
      const tokens = createTokenCache({ source: client.refreshToken(), store, key, timeouts: { store: 10 } });
      const { accessToken } = await tokens.save(await client.exchangeCode(await server.login()));
      return { key, accessToken };
    },
    onTokenRequest: (key, fault) => void faults.set(key, fault),
    async nextStart(setting, key) {
      const started = performance.now();
      await using store = await openStore(setting);
      const tokens = createTokenCache({ source: client.refreshToken(), store, key, timeouts: { store: 10 } });
      const outcome = await outcomeOf(tokens.get().then((held) => tokens.renew(held)));
      return { kept: isGood(outcome), outcome, took: performance.now() - started };
    },
    isGood,
    [Symbol.asyncDispose]: () => server.close(),
  };
}
