import { expect } from "vitest";
import { obtained } from "./obtained.ts";
import { lifetime } from "./shared-login.ts";
import { testRedisFaults, type RedisSetting } from "./redis-trouble.ts";
import { goesOn, outlast, outlastInMidRequest, writesAgain, type StoreTrouble } from "./store-trouble.ts";

/** Killed without a word, and started again with its append-only file. */
const killed = ({ server }: RedisSetting): StoreTrouble => ({ begin: () => server.kill(), end: () => server.start() });

/** Stalled: connections stay open, the server accepts nothing and answers nothing. */
const stopped = ({ server }: RedisSetting): StoreTrouble => ({
  begin: async () => server.pause(),
  end: async () => server.resume(),
});

/** Seconds. */
const stall = 6;

async function findWhatWasAcknowledged({ server, login }: RedisSetting): Promise<void> {
  const { one, two, refreshes, skip, newcomer } = login;
  skip(lifetime);
  const renewed = await obtained(one);
  await server.kill();
  await server.start();
  // This one holds nothing, and that one an older token set.
  expect((await obtained(await newcomer())).accessToken).toBe(renewed.accessToken);
  expect((await obtained(two)).accessToken).toBe(renewed.accessToken);
  expect(refreshes()).toBe(1);
}

testRedisFaults("a Redis that is away", [
  { fault: "killed and started again", expected: goesOn, run: (setting) => outlast(setting.login, killed(setting)) },
  {
    fault: "killed during a token request and started again",
    expected: writesAgain,
    run: (setting) => outlastInMidRequest(setting.login, killed(setting)),
  },
  {
    fault: "killed after a refresh and started again",
    expected: "nothing that was acknowledged is lost: whoever comes finds the new token set",
    run: findWhatWasAcknowledged,
  },
  {
    fault: `stalled for ${stall} s (DEBUG SLEEP)`,
    expected: goesOn,
    config: { "enable-debug-command": "yes" },
    run({ login, admin }) {
      let awake: Promise<unknown> | undefined;
      return outlast(login, {
        begin: async () => void (awake = admin.command("DEBUG", "SLEEP", String(stall))),
        end: async () => awake,
      });
    },
  },
  {
    fault: "stopped during a token request and continued",
    expected: writesAgain,
    run: (setting) => outlastInMidRequest(setting.login, stopped(setting)),
  },
]);
