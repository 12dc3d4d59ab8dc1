import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { obtained } from "./obtained.ts";
import { lifetime } from "./shared-login.ts";
import { testSqliteFaults, type SqliteSetting } from "./sqlite-trouble.ts";
import { expectNextGeneration, holdNextAnswer } from "./store-trouble.ts";

/** The file, its log, and its shared memory. */
function remove(path: string): void {
  for (const name of readdirSync(dirname(path))) rmSync(join(dirname(path), name), { recursive: true });
}

async function writeAgain({ path, login }: SqliteSetting): Promise<void> {
  const { one, two, skip, refreshes, newcomer } = login;
  const held = await obtained(one);
  remove(path);
  expect((await one.tokens.get()).accessToken).toBe(held.accessToken);
  skip(lifetime);
  const crowd = [one, two].flatMap((holder) => Array.from({ length: 20 }, () => obtained(holder)));
  const given = new Set((await Promise.all(crowd)).map(({ accessToken }) => accessToken));
  // Another file stands there, in which anything may be another: nothing is peeked at before a look.
  const { accessToken: current } = await one.tokens.get();
  expect([...given]).toEqual([current]);
  expect(refreshes()).toBe(1);
  expect((await obtained(await newcomer())).accessToken).toBe(current);
  await expectNextGeneration(login, 2);
}

async function storeAllTheSame({ path, login }: SqliteSetting): Promise<void> {
  const { one, two, skip, refreshes } = login;
  skip(lifetime);
  const { begun, release } = holdNextAnswer(login);
  const renewing = obtained(one);
  renewing.catch(() => {});
  await begun;
  remove(path);
  release();
  const renewed = await renewing;
  expect((await obtained(two)).accessToken).toBe(renewed.accessToken);
  expect(refreshes()).toBe(1);
  await expectNextGeneration(login, 2);
}

testSqliteFaults("a SQLite file that was deleted", [
  {
    fault: "the file deleted between two refreshes",
    expected: "whoever holds the token set writes it again, with one token request for everybody",
    run: writeAgain,
  },
  {
    fault: "the file deleted during a token request",
    expected: "the new pair is stored all the same, and not asked for again",
    run: storeAllTheSame,
  },
]);
