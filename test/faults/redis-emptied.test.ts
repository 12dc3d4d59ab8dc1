import { LoginRequiredError } from "@tokenflight/core";
import { expect } from "vitest";
import { obtained } from "./obtained.ts";
import { lifetime } from "./shared-login.ts";
import { testRedisFaults, type RedisSetting } from "./redis-trouble.ts";
import { expectNextGeneration, holdNextAnswer } from "./store-trouble.ts";

async function writeAgain({ login, admin }: RedisSetting): Promise<void> {
  const { one, two, service, skip, refreshes, serviceRequests, newcomer } = login;
  const held = await obtained(one);
  await admin.command("FLUSHALL");
  expect((await one.tokens.get()).accessToken).toBe(held.accessToken);
  skip(lifetime);
  const crowd = [one, two].flatMap((holder) => Array.from({ length: 20 }, () => obtained(holder)));
  const [renewed, ...others] = new Set((await Promise.all(crowd)).map(({ accessToken }) => accessToken));
  expect(others).toEqual([]);
  expect(refreshes()).toBe(1);
  expect((await obtained(await newcomer())).accessToken).toBe(renewed);
  await obtained(service);
  expect(serviceRequests()).toBe(2);
  await expectNextGeneration(login, 2);
}

async function storeAllTheSame({ login, admin }: RedisSetting): Promise<void> {
  const { one, two, skip, refreshes } = login;
  skip(lifetime);
  const { begun, release } = holdNextAnswer(login);
  const renewing = obtained(one);
  renewing.catch(() => {});
  await begun;
  await admin.command("FLUSHALL");
  release();
  const renewed = await renewing;
  expect((await obtained(two)).accessToken).toBe(renewed.accessToken);
  expect(refreshes()).toBe(1);
  await expectNextGeneration(login, 2);
}

async function serveWhoHeldNothing({ login, admin }: RedisSetting): Promise<void> {
  const { one, skip, refreshes, newcomer } = login;
  await admin.command("FLUSHALL");
  const late = await newcomer();
  for (let attempt = 0; attempt < 3; attempt += 1) await expect(late.tokens.get()).rejects.toBeInstanceOf(LoginRequiredError);
  expect(late.events.filter(({ type }) => type === "login-required")).toHaveLength(1);
  expect(refreshes()).toBe(0);
  skip(lifetime);
  const renewed = await obtained(one);
  expect((await obtained(late)).accessToken).toBe(renewed.accessToken);
  expect(refreshes()).toBe(1);
  await expectNextGeneration(login, 2);
}

testRedisFaults("a Redis that was emptied", [
  {
    fault: "emptied (FLUSHALL)",
    expected: "whoever holds the token set writes it again, with one token request for everybody",
    run: writeAgain,
  },
  {
    fault: "emptied (FLUSHALL) during a token request",
    expected: "the new pair is stored all the same, and not asked for again",
    run: storeAllTheSame,
  },
  {
    fault: "emptied (FLUSHALL), and who holds nothing comes first",
    expected: "that one gets one typed error and sends nothing; what another one holds is written again, and serves both",
    run: serveWhoHeldNothing,
  },
]);
