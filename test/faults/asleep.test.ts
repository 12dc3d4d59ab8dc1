import { expect, it, vi } from "vitest";
import { temporaryFolder } from "../stores/temporary-folder.ts";
import { startCrashSetting } from "./crash-setting.ts";
import { crowdSize, startCrowd } from "./crowd.ts";
import { noteRow } from "./fault-row.ts";

const runs = 8;

it("five processes that wake together send one token request", { timeout: 120_000 }, async ({ task }) => {
  using folder = temporaryFolder();
  await using setting = await startCrashSetting({
    store: { kind: "sqlite", path: folder.file("tokens.db") },
    server: { accessTokenLifetime: 1 },
  });
  const { server } = setting;
  const { members } = await startCrowd(setting);
  const { key } = await setting.logIn();
  const tokensOfRefreshes = (): string[] => server.requests.flatMap(({ form }) => form.get("refresh_token") ?? []);
  let obtained = 0;
  let woken = 0;
  for (let run = 0; run < runs; run += 1) {
    const before = await Promise.all(members.map((member) => member.ask("get", key)));
    const requestsBefore = tokensOfRefreshes().length;
    for (const member of members) member.signal("SIGSTOP");
    const isOver = (): boolean => before.every((outcome) => outcome.ok && !server.isActive(outcome.accessToken));
    await vi.waitUntil(isOver, { timeout: 20_000, interval: 20 });
    // They find the question when they wake.
    const asked = members.map((member) => member.ask("get", key));
    for (const member of members) member.signal("SIGCONT");
    const outcomes = await Promise.all(asked);
    obtained += outcomes.filter((outcome) => outcome.ok).length;
    woken += tokensOfRefreshes().length > requestsBefore ? 1 : 0;
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
  expect(woken).toBe(runs);
});
