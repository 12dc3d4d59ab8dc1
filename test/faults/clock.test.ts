import { describe, expect, it, vi } from "vitest";
import { lateAnswer } from "../servers/token-endpoint-faults.ts";
import { fakeClock } from "../setup/fake-clock.ts";
import { libfaketime, reasonNotToRun } from "../setup/programs.ts";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { startCrashSetting, type Member } from "./crash-setting.ts";
import { isGood } from "./crash-tally.ts";
import { noteRow } from "./fault-row.ts";

const runs = 5;
const looks = 20;
const hour = 3_600_000;
/** Of one run: the refresh under way, one for a token that is over by another clock, and both again when all take it for refused. */
const mostRequests = 4;

const reason = reasonNotToRun(libfaketime);

describe.skipIf(reason !== undefined)(`one of three processes has its clock set${reason === undefined ? "" : ` (${reason})`}`, () => {
  it.for([
    ["by two hours forwards", 2],
    ["by two hours backwards", -2],
  ] as const)("%s", { timeout: 120_000 }, async ([name, hours], { task }) => {
    using folder = temporaryFolder();
    const clock = fakeClock(folder.file("clock"));
    await using setting = await startCrashSetting({ store: { kind: "sqlite", path: folder.file("tokens.db") } });
    const { server } = setting;
    const jumping = await setting.startMember(clock.env);
    const members = [jumping, await setting.startMember(), await setting.startMember()];
    const all = async (command: "get" | "renew", key: string): Promise<number> => {
      const outcomes = await Promise.all(members.map((member: Member) => member.ask(command, key)));
      return outcomes.filter((outcome) => isGood(setting, outcome)).length;
    };

    let asked = 0;
    let good = 0;
    const note = (obtained: number): void => {
      asked += members.length;
      good += obtained;
    };
    const requests: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      clock.set(0);
      const { key } = await setting.logIn();
      note(await all("get", key));

      // The clock is set while a refresh is under way: neither the one who sent it nor those who wait may hang.
      const answer = Promise.withResolvers<void>();
      server.faults.next(lateAnswer(answer.promise));
      const renewing = all("renew", key);
      await vi.waitUntil(() => setting.requestsOf(key) === 1, { timeout: 20_000 });
      clock.set(hours);
      expect(Math.sign(hours) * ((await jumping.ask("now")) - Date.now())).toBeGreaterThan(hour);
      answer.resolve();
      note(await renewing);

      for (let look = 0; look < looks; look += 1) note(await all("get", key));
      note(await all("renew", key));
      for (let look = 0; look < looks; look += 1) note(await all("get", key));
      requests.push(setting.requestsOf(key));
    }
    const { refreshTokenReuses, familiesRevoked } = server.stats;
    const counts = {
      runs,
      "tokens asked for": asked,
      "good ones obtained": good,
      "token requests": requests.reduce((sum, count) => sum + count, 0),
      "most in one run": Math.max(...requests),
      "refresh tokens sent twice": refreshTokenReuses,
      "families revoked": familiesRevoked,
    };
    const expected = "nobody hangs, every token is good, few token requests, and no login is lost";
    noteRow(task, { group: "Clock", fault: `the clock of one of three processes is set ${name}, during a refresh`, expected, counts });
    expect(counts).toMatchObject({ "good ones obtained": asked, "refresh tokens sent twice": 0, "families revoked": 0 });
    expect(counts["most in one run"]).toBeLessThanOrEqual(mostRequests);
  });
});
