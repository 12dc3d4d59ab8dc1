import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import type { StoreSetting } from "../processes/member-setting.ts";
import type { LoginAnswer, SenderCommands, SenderSetting } from "../processes/sender-commands.ts";
import { startProcess, type TestProcess } from "../processes/start-process.ts";
import { startLoopback } from "../servers/loopback.ts";
import type { EdgeSetting } from "./edge-setting.ts";

/** How long each of some processes went on with what was true before a change. */
export interface Reach {
  /** Milliseconds from the call that changed it until each process sent its first request that knows. */
  readonly waits: readonly number[];
  /** Requests of processes that knew already, with a token of before. */
  readonly oldAfterwards: number;
}

export interface WatchedSenders extends AsyncDisposable {
  readonly senders: readonly TestProcess<SenderCommands>[];
  /** Logs somebody in at the server, and keeps nothing. */
  login(scope: string): Promise<LoginAnswer>;
  /** Resolves when each process has sent a request with the token that is true after `change`, or without any after a logout. */
  reachOf(change: () => Promise<unknown>, now: string | undefined): Promise<Reach>;
}

interface Arrival {
  readonly sender: string;
  readonly token: string | undefined;
  readonly at: number;
}

const names = ["one", "two", "three"] as const;
/** Requests of each process that are looked at after its first one that knows. */
const afterwards = 10;

/** Three processes that share one login over a store, and send its token to an API all the time. */
export async function startWatchedSenders(setting: EdgeSetting, store: StoreSetting): Promise<WatchedSenders> {
  const { server } = setting;
  const { clientId, clientSecret } = server.client;
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
  const arrivals: Arrival[] = [];
  let arrived = (): void => {};
  const api = await startLoopback(() => (request, response) => {
    const token = request.headers.authorization?.slice("Bearer ".length);
    arrivals.push({ sender: String(request.headers["x-sender"]), token, at: performance.now() });
    response.end();
    arrived();
  });
  const key = crypto.randomUUID();
  const senders = await Promise.all(
    names.map((name) =>
      startProcess<SenderCommands>("sender.ts", { ...setting.memberOf(store), name, key, api: api.origin } satisfies SenderSetting),
    ),
  );
  const oneEnded = Promise.race(senders.map((sender) => sender.ended)).then(() => {
    throw new Error("A process that sends requests has ended.");
  });
  // It is looked at only while somebody waits.
  oneEnded.catch(() => {});
  return {
    senders,
    async login(scope) {
      const { accessToken, refreshToken = "" } = await client.exchangeCode(await server.login({ scope }));
      return { access_token: accessToken, refresh_token: refreshToken, expires_in: 600, scope };
    },
    async reachOf(change, now) {
      const began = performance.now();
      arrivals.length = 0;
      const firstOf = (sender: string): number => arrivals.findIndex((one) => one.sender === sender && one.token === now);
      const laterOf = (sender: string): Arrival[] => arrivals.slice(firstOf(sender)).filter((one) => one.sender === sender);
      const reached = new Promise<void>((resolve) => {
        arrived = () => {
          if (names.every((name) => firstOf(name) >= 0 && laterOf(name).length > afterwards)) resolve();
        };
      });
      await change();
      await Promise.race([reached, oneEnded]);
      return {
        waits: names.map((name) => (arrivals[firstOf(name)]?.at ?? Number.NaN) - began),
        oldAfterwards: names.flatMap(laterOf).filter(({ token }) => token !== now).length,
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(senders.map((sender) => sender[Symbol.asyncDispose]()));
      await api.close();
    },
  };
}
