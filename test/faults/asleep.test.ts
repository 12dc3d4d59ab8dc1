import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { startCrashSetting } from "./crash-setting.ts";
import { crowdSize, startCrowd } from "./crowd.ts";
import { noteRow } from "./fault-row.ts";

const runs = 8;
/** Seconds. */
const lifetime = 1;

it("five processes that wake together send one token request", { timeout: 120_000 }, async ({ task }) => {
  using folder = temporaryFolder();
  await using setting = await startCrashSetting({
    store: { kind: "sqlite", path: folder.file("tokens.db") },
    server: { accessTokenLifetime: lifetime },
  });
  const { server } = setting;
  const { members } = await startCrowd(setting);
  const { key } = await setting.logIn();
  const tokensOfRefreshes = (): string[] => server.requests.flatMap(({ form }) => form.get("refresh_token") ?? []);
  let obtained = 0;
  for (let run = 0; run < runs; run += 1) {
    await Promise.all(members.map((member) => member.ask("get", key)));
    for (const member of members) member.signal("SIGSTOP");
    // Whatever they hold was obtained before now.
    await sleep(lifetime * 1000 + 1);
    // They find the question when they wake.
    const asked = members.map((member) => member.ask("get", key));
    for (const member of members) member.signal("SIGCONT");
    const outcomes = await Promise.all(asked);
    obtained += outcomes.filter((outcome) => outcome.ok).length;
  }
  const sent = tokensOfRefreshes();
  const counts = {
    runs,
    processes: crowdSize,
    "tokens obtained": obtained,
    "token requests": sent.length,
    generations: new Set(sent).size,
    "families revoked": server.stats.familiesRevoked,
  };
  noteRow(task, {
    group: "Sleep",
    fault: "five processes sleep until the token is over, and wake together",
    expected: "one token request for each generation, and a token for everybody",
    counts,
  });
  expect(counts).toMatchObject({ "tokens obtained": runs * crowdSize, "token requests": counts.generations, "families revoked": 0 });
  // Each time the token that they had was over.
  expect(counts.generations).toBeGreaterThanOrEqual(runs);
});
