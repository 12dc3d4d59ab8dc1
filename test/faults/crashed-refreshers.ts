import { createOAuthClient, clientSecretBasic } from "@tokenflight/oauth";
import PQueue from "p-queue";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crashHeader } from "../processes/crash-points.ts";
import type { MemberSetting, StoreSetting } from "../processes/member-setting.ts";
import type { RefresherAnswer, RefresherCommands } from "../processes/refresher-commands.ts";
import { startProcess, type TestProcess } from "../processes/start-process.ts";
import { subjectHeader } from "../processes/subject-fetch.ts";
import type { Answer } from "../servers/answer.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import { crashRows, faultOf, type CrashRow } from "./crash-rows.ts";
import { untilDone } from "./crash-setting.ts";
import { noteRow } from "./fault-row.ts";

type Refresher = TestProcess<RefresherCommands>;

interface Suite {
  readonly group: string;
  readonly runs: number;
  readonly store: () => StoreSetting;
}

/** More processes that start at one time would only wait for each other. */
const startsAtOneTime = 3;
const callersEach = 2;

/** What has to come of each row here: nobody has an old access token to go on with. */
function expectedOf({ point, lost }: CrashRow): string {
  if (point === "result-written") return "the others get the answer that it has stored: there is nothing to notice";
  if (point === "before-intent") return "the next process sends the refresh token, and everybody gets the answer";
  if (point === "intent-written") return "another process sends the refresh token, for the first time, and everybody gets the answer";
  return lost
    ? "the refresh token is sent once more, and everybody is told that it is dead: nothing could have kept the login"
    : "the refresh token is sent once more, and everybody gets the answer";
}

/** Processes with a library of others over `refreshOnce`. One kills itself in its first refresh, and two others come with the same refresh token. */
export function describeCrashedRefreshers({ group, runs, store }: Suite): void {
  for (const provider of ["strict", "with a grace time"] as const) {
    describe(`provider ${provider}`, () => {
      let server: AuthorizationServer;
      let survivors: Refresher[];
      const arrivals = new Map<string, (carryOut: () => Promise<Answer>) => Promise<Answer>>();
      const start = (timeouts: NonNullable<MemberSetting["timeouts"]>): Promise<Refresher> => {
        const { tokenEndpoint, client } = server;
        return startProcess("refresher.ts", { store: store(), tokenEndpoint, ...client, timeouts } satisfies MemberSetting & object);
      };

      beforeAll(async () => {
        server = await startAuthorizationServer({ accessTokenLifetime: 600, graceTime: provider === "strict" ? 0 : 600 });
        server.faults.always(({ headers }, carryOut) => arrivals.get(String(headers[crashHeader]))?.(carryOut) ?? carryOut());
        survivors = await Promise.all([start({ request: 10, store: 10 }), start({ request: 10, store: 10 })]);
      }, 120_000);
      afterAll(async () => {
        await Promise.all(survivors.map((survivor) => survivor[Symbol.asyncDispose]()));
        await server.close();
      });

      /** Lets a new process begin a refresh that ends in a crash. Undefined: it was too slow to get to that point. */
      async function crash({ point }: CrashRow, key: string, refreshToken: string): Promise<true | undefined> {
        await using victim = await start({ request: 2, store: 10 });
        await victim.ask("crashAt", { point, signal: "SIGKILL" });
        const carriedOut = Promise.withResolvers<void>();
        if (point === "request-sent") {
          const pid = String(victim.pid);
          arrivals.set(pid, async (carryOut) => {
            arrivals.delete(pid);
            victim.ask("crashNow").catch(() => {});
            await victim.ended;
            const answer = await carryOut();
            carriedOut.resolve();
            return answer;
          });
        } else carriedOut.resolve();
        const early = victim.ask("refresh", key, refreshToken, 1).then(
          () => undefined,
          () => new Promise<never>(() => {}),
        );
        // The victim is let go at the end of this function: what is returned has to be there by then.
        const end = await Promise.race([Promise.all([victim.ended, carriedOut.promise]).then(() => true as const), early]);
        return end;
      }

      async function run(row: CrashRow, starts: PQueue): Promise<{ requests: number; answers: RefresherAnswer[] }> {
        const { tokenEndpoint, client } = server;
        const oauth = createOAuthClient({ tokenEndpoint, clientId: client.clientId, clientAuth: clientSecretBasic(client.clientSecret) });
        const { key, refreshToken } = await starts.add(() =>
          untilDone(async () => {
            const login = { key: crypto.randomUUID(), refreshToken: (await oauth.exchangeCode(await server.login())).refreshToken ?? "" };
            return (await crash(row, login.key, login.refreshToken)) && login;
          }),
        );
        const answers = await Promise.all(survivors.map((survivor) => survivor.ask("refresh", key, refreshToken, callersEach)));
        return { answers: answers.flat(), requests: server.requests.filter(({ headers }) => headers[subjectHeader] === key).length };
      }

      it.for(crashRows.filter((row) => row.provider === provider).map((row) => [faultOf("SIGKILL", row), row] as const))(
        "%s",
        { timeout: 240_000 },
        async ([fault, row], { task }) => {
          const starts = new PQueue({ concurrency: startsAtOneTime });
          const all = await Promise.all(Array.from({ length: runs }, () => run(row, starts)));
          const good = all.filter(({ answers }) => {
            const tokens = new Set(answers.map(({ access_token }) => access_token));
            return tokens.size === 1 && answers.every(({ status, access_token = "" }) => status === 200 && server.isActive(access_token));
          });
          const dead = all.filter(({ answers }) => answers.every(({ status, error }) => status === 400 && error === "invalid_grant"));
          const requests = all.reduce((sum, one) => sum + one.requests, 0);
          const counts = { runs, "token requests": requests, "all callers answered": good.length, "login lost": dead.length };
          noteRow(task, { group, fault, expected: expectedOf(row), counts });
          expect(counts).toEqual({
            runs,
            "token requests": runs * row.requests,
            "all callers answered": row.lost ? 0 : runs,
            "login lost": row.lost ? runs : 0,
          });
        },
      );
    });
  }
}
