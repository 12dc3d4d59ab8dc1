import { storeScenarios } from "@tokenflight/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Loopback } from "../servers/loopback.ts";
import type { Tab } from "./browsers.ts";
import { inEachBrowser } from "./in-each-browser.ts";
import { servePages } from "./page-server.ts";

inEachBrowser("the store of all tabs", ({ browser }) => {
  let pages: Loopback;
  let tab: Tab;
  beforeAll(async () => {
    pages = await servePages(["store"]);
    tab = await browser.open(`${pages.origin}/store.html`);
  }, 60_000);
  afterAll(() => pages.close());

  describe.each(["plain", "encrypted"] as const)("keeps the contract (%s)", (kind) => {
    /** The scenario that is played. A page that does not come to its end plays no other one: nobody waits for that, once for each. */
    let playing: string | undefined;
    it.each(storeScenarios)("$title", { timeout: 30_000 }, async ({ id }) => {
      expect(playing).toBeUndefined();
      playing = id;
      const broken = await tab.run((...given) => page.play(...given), id, kind);
      playing = undefined;
      expect(broken).toBeUndefined();
    });
  });

  it("and encrypts with a key that all tabs have and no script can read, whichever tab began", async () => {
    const [one, two] = (await Promise.all([1, 2].map(() => browser.open(`${pages.origin}/store.html`)))) as [Tab, Tab];
    // Both at once: one of them makes the key.
    const [sealed] = await Promise.all([one, two].map((opened) => opened.run(() => page.seal("profile", "a refresh token"))));
    expect(sealed).not.toEqual(Array.from(Buffer.from("a refresh token")));
    await two.reload();
    expect(await two.run((given) => page.unseal("profile", given), sealed as readonly number[])).toBe("a refresh token");
    await expect(two.run((given) => page.unseal("another", given), sealed as readonly number[])).rejects.toThrow("OperationError");
    expect(await one.run(() => page.readKey("profile"))).toBe("InvalidAccessError");
    await Promise.all([one.close(), two.close()]);
  });

  it("keeps no page waiting for a key that does not come in time, and no database open that comes later", async () => {
    const opened = await browser.open(`${pages.origin}/store.html`);
    const outcome = await opened.run(async () => {
      // Somebody else makes the database, and takes longer than a page waits.
      const slow = indexedDB.open("slow keys", 1);
      let isOver = false;
      slow.onupgradeneeded = () => {
        const rows = slow.result.createObjectStore("keys");
        const goOn = (): void => void (isOver || (rows.get("key").onsuccess = goOn));
        goOn();
      };
      const made = new Promise((resolve) => (slow.onsuccess = resolve));
      const code: unknown = await page.readKey("slow").catch((error) => error.code);
      isOver = true;
      await made;
      slow.result.close();
      const removal = indexedDB.deleteDatabase("slow keys");
      return new Promise<unknown>((resolve) => {
        removal.onsuccess = () => resolve([code, "removed"]);
        removal.onblocked = () => resolve([code, "blocked"]);
      });
    });
    expect(outcome).toEqual(["ERR_STORE_UNAVAILABLE", "removed"]);
    await opened.close();
  });

  it("opens a database again whose connection answers no more", async () => {
    const outcomes = await tab.run(async () => {
      const store = page.open(`stuck ${crypto.randomUUID()}`);
      await store.compareAndSet("key", undefined, "value");
      const { transaction } = IDBDatabase.prototype;
      const stuck: IDBDatabase[] = [];
      IDBDatabase.prototype.transaction = function (...given) {
        if (stuck.length === 0) stuck.push(this);
        if (!stuck.includes(this)) return transaction.apply(this, given);
        const nothing = { get: () => ({}) };
        return { objectStore: () => nothing, abort() {} } as unknown as IDBTransaction;
      };
      const read = (milliseconds: number): Promise<string | undefined> => {
        const leave = new AbortController();
        setTimeout(() => leave.abort(new Error("too late")), milliseconds);
        return store.read("key", { signal: leave.signal }).then(
          (entry) => entry?.value,
          ({ message }) => message,
        );
      };
      const told = [await read(100), await read(5000)];
      IDBDatabase.prototype.transaction = transaction;
      await store.close();
      return told;
    });
    expect(outcomes).toEqual(["too late", "value"]);
  });

  it.each(["is written by another tab meanwhile", "does not answer at first"] as const)(
    "moves the login of a page into a database that opens late, and %s",
    async (trouble) => {
      const opened = await browser.open(`${pages.origin}/store.html`);
      const moved = await opened.run(async (given) => {
        const [{ open }, { transaction }] = [IDBFactory.prototype, IDBDatabase.prototype];
        // The first one opens when the page has given it up.
        IDBFactory.prototype.open = function (...database) {
          IDBFactory.prototype.open = open;
          const late: Record<string, unknown> = {};
          setTimeout(() => {
            const request = open.apply(this, database);
            Object.defineProperty(late, "result", { get: () => request.result });
            Object.assign(request, late);
          }, 4500);
          return late as unknown as IDBOpenDBRequest;
        };
        const name = `late ${crypto.randomUUID()}`;
        const store = page.open(name);
        await store.compareAndSet("key", (await store.read("key"))?.version, "mine");
        IDBDatabase.prototype.transaction = function (...names) {
          const begin = (): IDBTransaction => transaction.apply(this, names);
          if (names[1] !== "readwrite") return begin();
          IDBDatabase.prototype.transaction = transaction;
          if (given === "does not answer at first")
            return { objectStore: () => ({ get: () => ({}) }), abort() {} } as unknown as IDBTransaction;
          begin().objectStore("entries").put({ key: "key", version: "theirs", value: "theirs" });
          return begin();
        };
        const other = page.open(name);
        const read = (): Promise<string | undefined> => other.read("key").then((entry) => entry?.value, read);
        let value = await read();
        for (const end = performance.now() + 4000; value !== "mine" && performance.now() < end;) value = await read();
        await Promise.all([store.close(), other.close()]);
        return value;
      }, trouble);
      expect(moved).toBe("mine");
      await opened.close();
    },
  );

  it("opens no database anew for what still waits for it when the store ends", async () => {
    const outcome = await tab.run(async () => {
      const name = `ended ${crypto.randomUUID()}`;
      const store = page.open(name);
      const waiting = store.read("key").then(
        () => "read",
        (error: { code: string }) => error.code,
      );
      await store.close();
      const code = await waiting;
      const removal = indexedDB.deleteDatabase(name);
      return new Promise<unknown>((resolve) => {
        removal.onsuccess = () => resolve([code, "removed"]);
        removal.onblocked = () => resolve([code, "blocked"]);
      });
    });
    expect(outcome).toEqual(["ERR_CLOSED", "removed"]);
  });

  it("opens none for a login in memory either, whose database opens when the store has ended", async () => {
    const opened = await browser.open(`${pages.origin}/store.html`);
    const opens = await opened.run(async () => {
      const { open } = IDBFactory.prototype;
      let isThere = (): void => {};
      const late = new Promise<void>((resolve) => (isThere = resolve));
      let count = 0;
      IDBFactory.prototype.open = function (...database) {
        count += 1;
        const request: Record<string, unknown> = {};
        void late.then(() => {
          const real = open.apply(this, database);
          Object.defineProperty(request, "result", { get: () => real.result });
          Object.assign(real, request);
        });
        return request as unknown as IDBOpenDBRequest;
      };
      const store = page.open(`late and ended ${crypto.randomUUID()}`);
      await store.compareAndSet("key", (await store.read("key"))?.version, "mine");
      await store.close();
      isThere();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return count;
    });
    expect(opens).toBe(1);
    await opened.close();
  });

  it("leaves a turn to the tab that has it, also when a refresh of that tab ends meanwhile", async () => {
    const outcome = await tab.run(async () => {
      const name = `turn ${crypto.randomUUID()}`;
      const [one, two] = [page.open(name), page.open(name)];
      const read = (): Promise<unknown> => two.read("key").catch(read);
      await read();
      await one.read("key").catch(read);
      const [refresh, login, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const made: string[] = [];
      let kept: string | undefined;
      const turn = (store: typeof one, who: string): Promise<string> =>
        page.sharedTurn(store, "login", "me", {
          find: async () => kept,
          async make() {
            made.push(who);
            begun.resolve();
            await login.promise;
            return who;
          },
          keep: async (given) => (kept = given),
        });
      one.keepOpen(refresh.promise);
      const first = turn(one, "one");
      await begun.promise;
      const second = turn(two, "two");
      const wait = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 500));
      await wait();
      refresh.resolve();
      await wait();
      login.resolve();
      const results = await Promise.all([first, second]);
      await Promise.all([one.close(), two.close()]);
      return { results, made };
    });
    expect(outcome).toEqual({ results: ["one", "one"], made: ["one"] });
  });

  it("tells of a write that was given up, and was made all the same", async () => {
    const outcome = await tab.run(async () => {
      const name = `given up ${crypto.randomUUID()}`;
      const [one, two] = [page.open(name), page.open(name)];
      const read = (): Promise<string | undefined> => two.read("key").then((entry) => entry?.value, read);
      await read();
      await one.read("key").catch(read);
      const hears = new Promise((resolve) => two.watchAll(() => resolve("told")));
      const leave = new AbortController();
      const [{ abort }, { put }] = [IDBTransaction.prototype, IDBObjectStore.prototype];
      IDBTransaction.prototype.abort = () => {
        throw new DOMException("It is being committed.", "InvalidStateError");
      };
      IDBObjectStore.prototype.put = function (...given) {
        const request = put.apply(this, given);
        leave.abort(new Error("given up"));
        return request;
      };
      const written = await one.compareAndSet("key", undefined, "value", { signal: leave.signal }).catch(({ message }) => message);
      Object.assign(IDBTransaction.prototype, { abort });
      Object.assign(IDBObjectStore.prototype, { put });
      const told = await Promise.race([hears, new Promise((resolve) => setTimeout(resolve, 2000, "not told"))]);
      const value = await read();
      await Promise.all([one.close(), two.close()]);
      return [written, told, value];
    });
    expect(outcome).toEqual(["given up", "told", "value"]);
  });

  it("without a word of memory", async () => {
    expect(await tab.run(() => page.warnings)).toEqual([]);
  });
});
