import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { repetitions } from "../setup/repetitions.ts";
import type { AgentSetting } from "./agent-commands.ts";
import { startAgents, total, uses, type Agent } from "./agents.ts";

const processes = repetitions({ ordinary: 4, full: 8 });
/** Milliseconds, and seconds. */
const duration = repetitions({ ordinary: 6000, full: 20_000 });
const lifetime = repetitions({ ordinary: 2, full: 3 });
const atOnce = 3;
const timeout = 120_000;

type Seam = Pick<AgentSetting, "sdk" | "seam">;

const seams: [string, Seam][] = [
  ["SDK 1, fetch", { sdk: 1, seam: "fetch" }],
  ["SDK 2, fetch", { sdk: 2, seam: "fetch" }],
  ["SDK 1, provider", { sdk: 1, seam: "provider" }],
  ["SDK 2, provider", { sdk: 2, seam: "provider" }],
  ["SDK 2, authProvider", { sdk: 2, seam: "auth-provider" }],
];

/** Agents that have connected, one of them first, whose user has logged in. */
async function connected(start: (count: number) => Promise<Agent[]>): Promise<Agent[]> {
  const [first] = await start(1);
  await first?.ask("connect");
  const others = await start(processes - 1);
  await Promise.all(others.map((agent) => agent.ask("connect")));
  return [first as Agent, ...others];
}

it.each(seams)("%s: while tokens expire, no call fails and no refresh token is sent twice", { timeout }, async (_, seam) => {
  await using agents = await startAgents(lifetime);
  const { server } = agents;
  const all = await connected((count) => agents.start(count, seam));
  const { calls, failed, errors } = total(await Promise.all(all.map((agent) => agent.ask("work", duration, atOnce, 250))));

  expect({ failed, errors }).toEqual({ failed: 0, errors: {} });
  expect(calls).toBeGreaterThan((processes * atOnce * duration) / 2000);
  expect(Math.max(...uses(server))).toBe(1);
  expect(server.authorizationServer.stats).toMatchObject({ refreshTokenReuses: 0, familiesRevoked: 0 });
  expect(uses(server).length).toBeGreaterThanOrEqual(2);
  expect([await agents.windows(), server.authorizationServer.visits.registrations]).toEqual([1, 1]);
});

it.each(seams)("%s: when access tokens are revoked, no call fails", { timeout }, async (_, seam) => {
  await using agents = await startAgents(600);
  const { server } = agents;
  const all = await connected((count) => agents.start(count, seam));
  const work = Promise.all(all.map((agent) => agent.ask("work", duration, atOnce, 250)));
  let revocations = 0;
  while (revocations < 4) {
    await sleep(duration / 6);
    if (server.revokeAccessTokens() > 0) revocations += 1;
  }
  const { failed, errors } = total(await work);

  expect({ failed, errors }).toEqual({ failed: 0, errors: {} });
  expect(Math.max(...uses(server))).toBe(1);
  expect(server.authorizationServer.stats).toMatchObject({ refreshTokenReuses: 0, familiesRevoked: 0 });
  // One refresh for each revocation, where it is known which token was refused.
  if (seam.seam === "fetch") expect(server.authorizationServer.stats.refreshes).toBe(revocations);
  expect(await agents.windows()).toBe(1);
});
