import { afterAll, describe, expect, it } from "vitest";
import { noteRow } from "../faults/fault-row.ts";
import { repetitions } from "../setup/repetitions.ts";
import { endAgents, startAgents, total } from "./agents.ts";

const processes = repetitions({ ordinary: 4, full: 8 });
const timeout = 120_000;
const group = "Agents at an MCP server";

afterAll(endAgents);

describe.each([1, 2] as const)("with SDK %i", (sdk) => {
  it("processes that start at the same time have one window, one registration and one login", { timeout }, async ({ task }) => {
    await using agents = await startAgents(600);
    const all = await agents.start(processes, { sdk, person: 500 });
    await Promise.all(all.map((agent) => agent.ask("connect")));
    const { failed, errors } = total(await Promise.all(all.map((agent) => agent.ask("callAll", ["read", "read"]))));

    const { stats, visits } = agents.server.authorizationServer;
    noteRow(task, {
      group,
      fault: `SDK ${sdk}: processes start at the same time, and nobody is logged in`,
      expected: "one window, one registration, one login",
      counts: { processes, windows: await agents.windows(), registrations: visits.registrations, failed },
    });

    expect({ failed, errors }).toEqual({ failed: 0, errors: {} });
    expect([await agents.windows(), visits.authorizations > 0, visits.registrations]).toEqual([1, true, 1]);
    expect(stats.tokenRequests).toEqual({ authorization_code: 1 });
  });

  it("when the process with the window is killed there is a second one, and no third", { timeout }, async ({ task }) => {
    await using agents = await startAgents(600);
    const [owner] = await agents.start(1, { sdk, person: undefined });
    owner?.ask("connect").catch(() => {});
    await owner?.ask("shown");
    const others = await agents.start(processes - 1, { sdk });
    const connecting = Promise.all(others.map((agent) => agent.ask("connect")));
    owner?.signal("SIGKILL");
    await connecting;

    const { failed, errors } = total(await Promise.all(others.map((agent) => agent.ask("callAll", ["read"]))));
    noteRow(task, {
      group,
      fault: `SDK ${sdk}: SIGKILL of the process whose window is open`,
      expected: "another process opens a second window, and nobody a third",
      counts: { processes, "windows after it": await agents.windows(), failed },
    });

    expect(await agents.windows()).toBe(1);
    expect({ failed, errors }).toEqual({ failed: 0, errors: {} });
    expect(agents.server.authorizationServer.stats.tokenRequests).toEqual({ authorization_code: 1 });
    expect(agents.server.authorizationServer.visits.registrations).toBe(1);
  });

  it("twelve calls that need a wider scope have one window, and no refresh beside it", { timeout }, async ({ task }) => {
    await using agents = await startAgents(600);
    const [first] = await agents.start(1, { sdk, person: 300 });
    await first?.ask("connect");
    const others = await agents.start(3, { sdk, person: 300 });
    const all = [first as (typeof others)[number], ...others];
    await Promise.all(others.map((agent) => agent.ask("connect")));
    const before = agents.server.answers.insufficient;
    const { calls, failed, errors } = total(await Promise.all(all.map((agent) => agent.ask("callAll", ["write", "write", "write"]))));

    noteRow(task, {
      group,
      fault: `SDK ${sdk}: 12 calls of four processes at once that need a wider scope`,
      expected: "one window for all of them, 12 of 12, no refresh beside the login",
      counts: {
        calls,
        failed,
        windows: (await agents.windows()) - 1,
        refreshes: agents.server.authorizationServer.stats.refreshes,
      },
    });

    expect({ calls, failed, errors }).toEqual({ calls: 12, failed: 0, errors: {} });
    expect(agents.server.answers.insufficient - before).toBeGreaterThan(0);
    // The first login, and the one for more.
    expect(await agents.windows()).toBe(2);
    expect(agents.server.authorizationServer.stats.tokenRequests).toEqual({ authorization_code: 2 });
    // Nothing that was there before is lost.
    const again = total(await Promise.all(all.map((agent) => agent.ask("callAll", ["read", "write"]))));
    expect(again).toMatchObject({ failed: 0 });
    expect(await agents.windows()).toBe(2);
  });
});
