import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { noteRow } from "../faults/fault-row.ts";
import { isFullRun, repetitions } from "../setup/repetitions.ts";
import type { AgentSetting } from "./agent-commands.ts";
import { endAgents, startAgents, total, uses, type Agent, type Agents } from "./agents.ts";

const sizes = isFullRun ? [4, 8] : [4];
/** Milliseconds, and seconds. */
const duration = { expiring: repetitions({ ordinary: 2800, full: 20_000 }), revoked: repetitions({ ordinary: 2000, full: 20_000 }) };
const lifetime = repetitions({ ordinary: 2, full: 3 });
const revocations = repetitions({ ordinary: 1, full: 4 });
const [atOnce, pause] = [3, 250];
const timeout = 150_000;
const group = "Agents at an MCP server";

type Seam = Pick<AgentSetting, "sdk" | "seam">;

const seams: [string, Seam][] = [
  ["SDK 1, fetch", { sdk: 1, seam: "fetch" }],
  ["SDK 2, fetch", { sdk: 2, seam: "fetch" }],
  ["SDK 1, provider", { sdk: 1, seam: "provider" }],
  ["SDK 2, provider", { sdk: 2, seam: "provider" }],
  ["SDK 2, authProvider", { sdk: 2, seam: "auth-provider" }],
];

afterAll(endAgents);

/** Has agents connect, one of them first, whose user logs in. */
async function connect(agents: Agents, processes: number, seam: Seam): Promise<Agent[]> {
  const [first, ...others] = (await agents.start(processes, seam)) as [Agent, ...Agent[]];
  await first.ask("connect");
  await Promise.all(others.map((agent) => agent.ask("connect")));
  // What an SDK loads with its first call is there before anything is counted.
  await Promise.all([first, ...others].map((agent) => agent.ask("callAll", ["read"])));
  return [first, ...others];
}

/**
 * Waits until nobody refreshes any more. A host without a fetch function tries each call twice and no more, so a token is not to be revoked while those are sent again that
 * the last revocation refused.
 */
async function rest(stats: { readonly refreshes: number }): Promise<void> {
  for (let before = -1; before !== stats.refreshes;) {
    before = stats.refreshes;
    await sleep(300);
  }
}

/** What is counted of so many processes, for the page. */
function countsOf(processes: number, counted: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counted).map(([name, count]) => [`${name} of ${processes}`, count]));
}

it.for(seams)("%s: while tokens expire, no call fails and no refresh token is sent twice", { timeout }, async ([name, seam], { task }) => {
  const counts: Record<string, number> = { seconds: duration.expiring / 1000 };
  for (const processes of sizes) {
    await using agents = await startAgents(lifetime);
    const { stats, visits } = agents.server.authorizationServer;
    const all = await connect(agents, processes, seam);
    const { calls, failed, errors } = total(await Promise.all(all.map((agent) => agent.ask("work", duration.expiring, atOnce, pause))));
    const sent = uses(agents.server);
    const windows = await agents.windows();
    const most = Math.max(...sent);
    Object.assign(counts, countsOf(processes, { calls, failed, refreshes: sent.length, "most for one refresh token": most, windows }));
    noteRow(task, {
      group,
      fault: `${name}: three calls at once, access tokens of 3 s, strict rotation`,
      expected: "no call fails, no refresh token is sent twice, and the user is asked once",
      counts,
    });

    expect({ failed, errors }).toEqual({ failed: 0, errors: {} });
    expect(calls).toBeGreaterThan(isFullRun ? (processes * atOnce * duration.expiring) / 2000 : processes * atOnce);
    expect(sent.length).toBeGreaterThanOrEqual(isFullRun ? 4 : 1);
    expect(most).toBe(1);
    expect(stats).toMatchObject({ refreshTokenReuses: 0, familiesRevoked: 0 });
    expect([windows, visits.registrations]).toEqual([1, 1]);
  }
});

it.for(seams)("%s: when access tokens are revoked, no call fails", { timeout }, async ([name, seam], { task }) => {
  const counts: Record<string, number> = { seconds: duration.revoked / 1000 };
  for (const processes of sizes) {
    await using agents = await startAgents(600);
    const { server } = agents;
    const { stats } = server.authorizationServer;
    const all = await connect(agents, processes, seam);
    const work = Promise.all(all.map((agent) => agent.ask("work", duration.revoked, atOnce, pause)));
    for (let left = revocations; left > 0; left -= 1) {
      await sleep(duration.revoked / (revocations + 2));
      await rest(stats);
      expect(server.revokeAccessTokens()).toBeGreaterThan(0);
    }
    const { calls, failed, errors } = total(await work);
    const windows = await agents.windows();
    const most = Math.max(...uses(server));
    const { refreshes } = stats;
    Object.assign(counts, countsOf(processes, { calls, failed, revocations, refreshes, "most for one refresh token": most, windows }));
    noteRow(task, {
      group,
      fault: `${name}: three calls at once, the access token is revoked`,
      expected: `no call fails, no refresh token is sent twice${seam.seam === "fetch" ? ", one refresh for each revocation" : ""}`,
      counts,
    });

    expect({ failed, errors }).toEqual({ failed: 0, errors: {} });
    expect(most).toBe(1);
    expect(stats).toMatchObject({ refreshTokenReuses: 0, familiesRevoked: 0 });
    // A host without a fetch function does not say which token was refused, or sends a token request for each refusal.
    if (seam.seam === "fetch") expect(refreshes).toBe(revocations);
    expect(windows).toBe(1);
  }
});
