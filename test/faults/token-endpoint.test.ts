import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repetitions } from "../setup/repetitions.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { startCrashSetting, type CrashSetting } from "./crash-setting.ts";
import { isGood, isOver } from "./crash-tally.ts";
import { crowdSize, startCrowd, type Crowd } from "./crowd.ts";
import { noteRow } from "./fault-row.ts";
import { tokenEndpointRows } from "./token-endpoint-rows.ts";

const runs = repetitions({ ordinary: 1, full: 3 });
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

for (const provider of ["strict", "with a grace time"] as const) {
  describe(`five processes and a faulty token endpoint, provider ${provider}`, () => {
    let setting: CrashSetting;
    let crowd: Crowd;
    beforeAll(async () => {
      const graceTime = provider === "strict" ? 0 : 600;
      setting = await startCrashSetting({ store: { kind: "sqlite", path: folder.file("tokens.db") }, server: { graceTime } });
      crowd = await startCrowd(setting);
    }, 60_000);
    afterAll(() => setting[Symbol.asyncDispose]());

    it.for(tokenEndpointRows.filter((row) => row.provider === provider).map((row) => [row.fault, row] as const))(
      "%s",
      { timeout: 120_000 },
      async ([, row], { task }) => {
        let requests = 0;
        let good = 0;
        let over = 0;
        const revoked = setting.server.stats.familiesRevoked;
        for (let run = 0; run < runs; run += 1) {
          const { key, accessToken: old } = await setting.logIn();
          setting.server.faults.next(row.inject);
          const outcomes = await crowd.renew(key);
          // What one has, all have; and nobody begins anew.
          if (row.lost) await crowd.renew(key);
          else expect(new Set(outcomes.map((outcome) => outcome.ok && outcome.accessToken)).size).toBe(1);
          requests += setting.requestsOf(key);
          good += outcomes.filter((outcome) => isGood(setting, outcome) && outcome.accessToken !== old).length;
          over += outcomes.filter(isOver).length;
        }
        const counts = {
          runs,
          processes: crowdSize,
          "token requests": requests,
          "got a new token": good,
          "login required": over,
          "families revoked": setting.server.stats.familiesRevoked - revoked,
        };
        noteRow(task, { group: "Token endpoint, five processes", fault: row.fault, expected: row.expected, counts });
        const all = runs * crowdSize;
        expect(counts).toEqual({
          runs,
          processes: crowdSize,
          "token requests": runs * row.requests,
          "got a new token": row.lost ? 0 : all,
          "login required": row.lost ? all : 0,
          "families revoked": row.lost ? runs : 0,
        });
      },
    );
  });
}
