import { expect, it } from "vitest";
import { systemClock } from "@tokenflight/core";
import { clients } from "../clients/clients.ts";
import { startSession } from "../end-to-end/session.ts";

it(
  "an API that refuses even fresh tokens: 1,000 callers, each request sent at most twice, one token request per growing pause",
  { timeout: 120_000 },
  async () => {
    let time = 0;
    const clock = { ...systemClock, monotonic: () => time };
    await using session = await startSession({ cache: { clock } });
    const { tokens, api, refreshes, events } = session;
    api.refuseAll();
    const sends = clients.map((client) => client.connect(tokens, api.origin));
    const storm = async (): Promise<void> => {
      const outcomes = await Promise.all(
        Array.from({ length: 1000 }, async (_, caller) => sends[caller % sends.length]?.({ headers: { "x-request-id": String(caller) } })),
      );
      expect(outcomes.every((outcome) => outcome?.status === 401)).toBe(true);
    };

    await storm();
    expect(refreshes()).toBe(1);
    const times = Map.groupBy(api.requests, ({ id }) => id);
    expect(Math.max(...[...times.values()].map(({ length }) => length))).toBe(2);

    // Within the pause nobody asks for another token, and nothing is sent twice.
    api.reset();
    api.refuseAll();
    await storm();
    expect(refreshes()).toBe(1);
    expect(api.requests).toHaveLength(1000);

    // After it, one request asks again; the pause doubles each time.
    for (const expected of [2, 3, 4]) {
      time += 60_000;
      await storm();
      expect(refreshes()).toBe(expected);
    }
    const pauses = events.flatMap((event) => (event.type === "new-token-refused" ? [event.pause] : []));
    expect(pauses).toEqual([1000, 2000, 4000, 8000]);

    // A replay that succeeds ends the suspicion.
    api.refuseAll(false);
    time += 60_000;
    expect((await sends[0]?.({}))?.status).toBe(200);
  },
);
