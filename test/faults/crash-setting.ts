import { createTokenCache } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { crashHeader } from "../processes/crash-points.ts";
import type { Crash, MemberCommands } from "../processes/member-commands.ts";
import type { MemberSetting, StoreSetting } from "../processes/member-setting.ts";
import { openStore } from "../processes/open-store.ts";
import type { Outcome } from "../processes/outcome.ts";
import { startProcess, type TestProcess } from "../processes/start-process.ts";
import { subjectHeader } from "../processes/subject-fetch.ts";
import type { Answer } from "../servers/answer.ts";
import { startAuthorizationServer, type AuthorizationServer, type AuthorizationServerOptions } from "../servers/authorization-server.ts";

export type Member = TestProcess<MemberCommands>;

/** One authorization server, one shared store, and processes that come and go. */
export interface CrashSetting extends AsyncDisposable {
  readonly server: AuthorizationServer;
  /** Starts a process that waits for the token endpoint and the store for as long as a busy machine may need. */
  startMember(env?: NodeJS.ProcessEnv): Promise<Member>;
  /** Starts a process whose intents are taken over 3 s after it has fallen silent: its token requests may take 2 s. */
  startVictim(): Promise<Member>;
  /** Logs a new subject in, through a connection of this process to the store. */
  logIn(): Promise<{ key: string; accessToken: string }>;
  /** Token requests for this subject that reached the server since its login. */
  requestsOf(key: string): number;
  /**
   * Lets a process begin a refresh that ends in a crash. Resolves as soon as it has ended or stopped, and the server has done what it was
   * asked for until then. `outcome` is that of the call in which it stopped. Undefined: it was too slow to get to that point.
   */
  crash(victim: Member, key: string, crash: Crash): Promise<{ outcome: Promise<Outcome> } | undefined>;
}

export interface CrashSettingOptions {
  readonly store: StoreSetting;
  readonly server?: AuthorizationServerOptions;
  /** Where the processes send their token requests. Default: to the server. */
  readonly tokenEndpoint?: string;
}

/** In seconds. Nothing of what is tested here is about a slow machine. */
const patient = { request: 10, store: 10 };

export async function startCrashSetting(options: CrashSettingOptions): Promise<CrashSetting> {
  const { store: storeSetting } = options;
  const server = await startAuthorizationServer({ accessTokenLifetime: 600, ...options.server });
  const store = await openStore(storeSetting);
  const { clientId, clientSecret } = server.client;
  const { tokenEndpoint = server.tokenEndpoint } = options;
  // The identity of a token source names its endpoint: this one never sends a refresh token.
  const { refreshToken } = createOAuthClient({ tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId, clientAuth: clientSecretBasic(clientSecret) });
  const members: Member[] = [];

  /** By process: what becomes of its request. */
  const arrivals = new Map<string, (carryOut: () => Promise<Answer>) => Promise<Answer>>();
  server.faults.always(({ headers }, carryOut) => arrivals.get(String(headers[crashHeader]))?.(carryOut) ?? carryOut());

  const start = async (timeouts: NonNullable<MemberSetting["timeouts"]>, env?: NodeJS.ProcessEnv): Promise<Member> => {
    const setting: MemberSetting = { store: storeSetting, tokenEndpoint, clientId, clientSecret, timeouts };
    const member = await startProcess<MemberCommands>("member.ts", setting, env);
    members.push(member);
    return member;
  };

  return {
    server,
    startMember: (env) => start(patient, env),
    startVictim: () => start({ ...patient, request: 2 }),
    async logIn() {
      const key = crypto.randomUUID();
      const cache = createTokenCache({ source: refreshToken(), store, key, timeouts: patient });
      const { accessToken } = await cache.save(await client.exchangeCode(await server.login()));
      return { key, accessToken };
    },
    requestsOf: (key) => server.requests.filter(({ headers }) => headers[subjectHeader] === key).length,
    async crash(victim, key, crash) {
      await victim.ask("crashAt", crash);
      const pid = String(victim.pid);
      const gone = crash.signal === "SIGKILL" ? victim.ended : victim.stopped();
      const carriedOut = Promise.withResolvers<void>();
      if (crash.point === "request-sent") {
        arrivals.set(pid, async (carryOut) => {
          arrivals.delete(pid);
          victim.ask("crashNow").catch(() => {});
          await gone;
          const answer = await carryOut();
          carriedOut.resolve();
          return answer;
        });
      } else carriedOut.resolve();
      const outcome = victim.ask("renew", key);
      const early = outcome.then(
        // Its token request took too long on a machine that is too busy: that is another fault.
        (answer) => ({ early: answer }),
        // A process that is killed answers nobody.
        () => new Promise<never>(() => {}),
      );
      const crashed = Promise.all([gone, carriedOut.promise]).then(() => undefined);
      if ((await Promise.race([crashed, early])) !== undefined) return undefined;
      return { outcome };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
      await store[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** Repeats a run that was too slow. More than some in a row are no accident. */
export async function untilDone<Result>(run: () => Promise<Result | undefined>): Promise<Result> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const result = await run();
    if (result !== undefined) return result;
  }
  throw new Error("The process never got to the point of its crash within the time for its token request.");
}
