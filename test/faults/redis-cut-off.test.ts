import { expect } from "vitest";
import { obtained } from "./obtained.ts";
import { testRedisFaults, type RedisFault, type RedisSetting } from "./redis-trouble.ts";
import { lifetime } from "./shared-login.ts";
import { expectNextGeneration, goesOn, outlast, outlastInMidRequest, writesAgain, type StoreTrouble } from "./store-trouble.ts";

/** Milliseconds; far beyond the store timeout of half a second. */
const late = 1000;

const cuts: readonly (readonly [name: string, begin: (setting: RedisSetting) => void])[] = [
  ["behind a black hole", ({ proxy }) => proxy.swallow()],
  [`${late} ms away`, ({ proxy }) => proxy.delay(late)],
  ["behind a network that resets every connection", ({ proxy }) => proxy.reset()],
];

const faults = cuts.flatMap(([name, begin]): RedisFault[] => {
  const trouble = (setting: RedisSetting): StoreTrouble => ({
    begin: async () => begin(setting),
    end: async () => setting.proxy.restore(),
  });
  return [
    { fault: name, expected: goesOn, proxied: true, run: (setting) => outlast(setting.login, trouble(setting)) },
    {
      fault: `${name} during a token request`,
      expected: writesAgain,
      proxied: true,
      run: (setting) => outlastInMidRequest(setting.login, trouble(setting)),
    },
  ];
});

async function loseReplies({ login, proxy }: RedisSetting): Promise<void> {
  const { one, two, skip } = login;
  skip(lifetime);
  proxy.loseNextReply();
  const renewed = await obtained(one);
  proxy.loseNextReply();
  expect((await obtained(two)).accessToken).toBe(renewed.accessToken);
  await expectNextGeneration(login, 2);
}

testRedisFaults("a Redis that is cut off", [
  ...faults,
  {
    fault: "every reply lost once, with its connection",
    expected: "a write whose reply was lost is known again, with one token request",
    proxied: true,
    run: loseReplies,
  },
]);
