import { memoryStore } from "@tokenflight/core";
import { expect, it } from "vitest";
import { refreshOnce } from "../src/index.ts";
import { endpoint, refresh, setUp, type Fetch } from "./set-up.ts";

/** A fetch function of somebody's own, around another one. */
const around =
  (beneath: Fetch): Fetch =>
  async (...given) => {
    await Promise.resolve();
    return beneath(...given);
  };

it.each([
  ["one store", true],
  ["stores of their own", false],
])("one around another, with %s: the outer one decides, and nobody waits for himself", async (_, isShared) => {
  const { server, store, events, process } = setUp();
  const inner = process();
  const outer = refreshOnce({ store: isShared ? store : memoryStore(), timeouts: { request: 2 } })(around(inner));
  const begun = performance.now();
  const all = await Promise.all([refresh(outer, "r"), refresh(outer, "r")]);
  expect(all).toMatchObject([{ access_token: "access-1" }, { access_token: "access-1" }]);
  expect(await refresh(outer, "refresh-1")).toMatchObject({ access_token: "access-2" });
  expect(performance.now() - begun).toBeLessThan(1500);
  expect(server.sent).toEqual(["r", "refresh-1"]);
  expect(events).toEqual([]);
  // Alone, the inner one does what it always does.
  expect((await Promise.all([refresh(inner, "s"), refresh(inner, "s")])).map(({ status }) => status)).toEqual([200, 200]);
  expect(server.sent.slice(2)).toEqual(["s"]);
});

it("a fetch function that comes back with the same refresh token is told so at once", async () => {
  const { server } = setUp();
  let once: Fetch | undefined;
  let times = 0;
  const back = around(async (...given) => {
    times += 1;
    return times === 1 ? (once as Fetch)(...given) : server.fetch(...given);
  });
  once = refreshOnce({ store: memoryStore() })(back);
  await expect(refresh(once, "r")).rejects.toMatchObject({ code: "ERR_REENTRANT_REFRESH" });
  expect(times).toBe(1);
  expect(server.sent).toEqual([]);
});

it("a fetch function may refresh something else with it meanwhile", async () => {
  const { server } = setUp();
  let once: Fetch | undefined;
  const beneath: Fetch = async (...given) => {
    const body = new URLSearchParams((given[1] as RequestInit).body as string);
    if (body.get("refresh_token") === "r") await refresh(once as Fetch, "another");
    return server.fetch(endpoint, given[1]);
  };
  once = refreshOnce({ store: memoryStore() })(beneath);
  expect((await Promise.all([refresh(once, "r"), refresh(once, "r")])).map(({ status }) => status)).toEqual([200, 200]);
  expect(server.sent).toEqual(["another", "r"]);
});
