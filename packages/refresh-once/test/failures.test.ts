import { memoryStore, StoreError, type TokenStore } from "@tokenflight/core";
import { describe, expect, it } from "vitest";
import { endpoint, refresh, refreshWith, setUp, type Fetch } from "./set-up.ts";

describe("a caller that leaves", () => {
  it("ends only its own wait: the request goes on, and the others get the answer", async () => {
    const { server, process, waiting, joined } = setUp();
    const isThere = Promise.withResolvers<void>();
    server.before = () => isThere.promise;
    const [one, other] = [process(), process()];
    const leaving = [new AbortController(), new AbortController(), new AbortController()];
    const mine = one(endpoint, refreshWith("r", {}, { signal: leaving[0]?.signal ?? null }));
    const together = one(new Request(endpoint, refreshWith("r", {}, { signal: leaving[1]?.signal ?? null })));
    const elsewhere = other(endpoint, refreshWith("r", {}, { signal: leaving[2]?.signal ?? null }));
    const stays = [refresh(one, "r"), refresh(other, "r")];
    await Promise.all([joined(5), waiting(1)]);
    const why = new Error("no patience");
    for (const controller of leaving) controller.abort(why);
    for (const call of [mine, together, elsewhere]) await expect(call).rejects.toBe(why);
    isThere.resolve();
    expect(await Promise.all(stays)).toMatchObject([{ access_token: "access-1" }, { access_token: "access-1" }]);
    expect(server.sent).toEqual(["r"]);
  });

  it("and was alone leaves its answer to whoever comes next", async () => {
    const { server, process } = setUp();
    const [isSent, isThere] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    server.before = () => {
      isSent.resolve();
      return isThere.promise;
    };
    const leaving = new AbortController();
    const mine = process()(endpoint, refreshWith("r", {}, { signal: leaving.signal }));
    await isSent.promise;
    leaving.abort();
    await expect(mine).rejects.toMatchObject({ name: "AbortError" });
    const late = refresh(process(), "r");
    isThere.resolve();
    expect(await late).toMatchObject({ access_token: "access-1" });
    expect(server.sent).toEqual(["r"]);
  });

  it("before its request has left leaves that to be sent all the same", async () => {
    const { server, process } = setUp();
    const send = process();
    const leaving = new AbortController();
    const mine = send(endpoint, refreshWith("r", {}, { signal: leaving.signal }));
    const other = refresh(send, "r");
    leaving.abort();
    await expect(mine).rejects.toMatchObject({ name: "AbortError" });
    expect(await other).toMatchObject({ access_token: "access-1" });
    const alone = new AbortController();
    const last = process()(endpoint, refreshWith("s", {}, { signal: alone.signal }));
    alone.signal.addEventListener("abort", () => {});
    await new Promise(setImmediate);
    alone.abort();
    await expect(last).rejects.toMatchObject({ name: "AbortError" });
    expect((await refresh(process(), "s")).status).toBe(200);
    expect(server.sent.filter((sent) => sent === "s")).toEqual(["s"]);
  });

  it("before it has come asks nobody", async () => {
    const { server, process } = setUp();
    await expect(process()(endpoint, refreshWith("r", {}, { signal: AbortSignal.abort() }))).rejects.toMatchObject({ name: "AbortError" });
    expect(server.sent).toEqual([]);
  });
});

/** A store whose next operations can be made to fail. */
class Troubled implements TokenStore {
  readonly #inner: TokenStore = memoryStore();
  /** Writes until the one that fails, and whether it is carried out. */
  fails: { after: number; carriedOut: boolean; times: number } | undefined;
  away = false;

  async read(key: string): ReturnType<TokenStore["read"]> {
    if (this.away) throw new Error("connection reset");
    return this.#inner.read(key);
  }

  async compareAndSet(...given: Parameters<TokenStore["compareAndSet"]>): ReturnType<TokenStore["compareAndSet"]> {
    const { fails } = this;
    if (this.away) throw new Error("connection reset");
    if (fails === undefined || fails.after > 0 || fails.times === 0) {
      if (fails !== undefined) fails.after -= 1;
      return this.#inner.compareAndSet(...given);
    }
    fails.times -= 1;
    if (fails.carriedOut) await this.#inner.compareAndSet(...given);
    throw new Error("connection reset");
  }
}

describe("a store", () => {
  it("that is away: nothing is sent, and the error is a StoreError", async () => {
    const store = new Troubled();
    const { server, process, events } = setUp({ store });
    store.away = true;
    await expect(process()(endpoint, refreshWith("r"))).rejects.toBeInstanceOf(StoreError);
    expect(server.sent).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: "store-trouble", operation: "read" });
    store.away = false;
    expect(await refresh(process(), "r")).toMatchObject({ access_token: "access-1" });
  });

  it.each([true, false])("that fails at the intent (carried out: %s): nothing is sent before it is there", async (carriedOut) => {
    const store = new Troubled();
    const { server, process } = setUp({ store, timeouts: { request: 0.5 } });
    store.fails = { after: 0, carriedOut, times: 1 };
    const send = process();
    await expect(send(endpoint, refreshWith("r"))).rejects.toBeInstanceOf(StoreError);
    expect(server.sent).toEqual([]);
    expect(await refresh(send, "r")).toMatchObject({ access_token: "access-1" });
    expect(server.sent).toEqual(["r"]);
  });

  it.each([true, false])(
    "that fails at the result (carried out: %s): it is written all the same, and the answer given",
    async (carriedOut) => {
      const store = new Troubled();
      const { server, process } = setUp({ store });
      store.fails = { after: 1, carriedOut, times: 3 };
      expect(await refresh(process(), "r")).toMatchObject({ access_token: "access-1" });
      expect(await refresh(process(), "r")).toMatchObject({ access_token: "access-1" });
      expect(server.sent).toEqual(["r"]);
    },
  );

  it("that takes no result for longer than anybody waits: the answer is given, and nobody in the process sends again", async () => {
    const store = new Troubled();
    const { server, process } = setUp({ store, timeouts: { request: 0.3 } });
    store.fails = { after: 1, carriedOut: false, times: Infinity };
    const send = process();
    for (let calls = 0; calls < 3; calls += 1) expect(await refresh(send, "r")).toMatchObject({ access_token: "access-1" });
    store.fails = undefined;
    expect(await refresh(process(), "r")).toMatchObject({ access_token: "access-1" });
    expect(server.sent).toEqual(["r"]);
  });
});

describe("an owner", () => {
  it("that is silent past its deadline is taken over, and what it brings in the end is not lost", async () => {
    const { server, process } = setUp({ timeouts: { request: 0.3 } });
    const isThere = Promise.withResolvers<void>();
    server.next.push(async () => {
      await isThere.promise;
      return Response.json({ access_token: "late", refresh_token: "next", expires_in: 60 });
    });
    // The server has used the refresh token up for the first request already.
    server.next.push(() => Response.json({ error: "invalid_grant" }, { status: 400 }));
    const slow = process();
    await expect(slow(endpoint, refreshWith("r"))).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN" });
    const second = await until(
      () => process(),
      (answer) => answer.status === 400,
    );
    expect(second).toMatchObject({ error: "invalid_grant" });
    isThere.resolve();
    expect(
      await until(
        () => process(),
        (answer) => answer.status === 200,
      ),
    ).toMatchObject({ access_token: "late", refresh_token: "next" });
    expect(server.sent).toEqual(["r", "r"]);
  });
});

/** Comes again and again, as a program does whose refresh has failed. */
async function until(make: () => Fetch, holds: (answer: { status: number }) => boolean): Promise<object> {
  for (;;) {
    const answer = await refresh(make(), "r").catch(() => undefined);
    if (answer !== undefined && holds(answer)) return answer;
    await new Promise(setImmediate);
  }
}
