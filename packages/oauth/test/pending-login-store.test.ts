import { inspect } from "node:util";
import { expect, it } from "vitest";
import { encryptedStore, memoryStore, type TokenStore } from "@tokenflight/core";
import { pendingLogins, type PendingLogin } from "@tokenflight/oauth";
import { failureOf } from "./call.ts";

function pendingWith(state: string): PendingLogin {
  return {
    state,
    nonce: "n",
    codeVerifier: "canary-verifier",
    redirectUri: "https://app.example/callback",
    clientId: "id",
    expiresAt: Date.now() + 600_000,
  };
}

const callback = (state: string): string => `/callback?code=c&state=${state}`;

it("gives a login to one of many processes that ask for it, once", async () => {
  const store = memoryStore();
  await pendingLogins(store).keep("ada", pendingWith("s1"));
  const takes = Array.from({ length: 20 }, () => pendingLogins(store).take("ada", callback("s1")));
  const outcomes = await Promise.allSettled(takes);
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const refused = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  expect(refused).toHaveLength(19);
  for (const reason of refused) expect(reason).toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "used" });
});

it("gives back what was kept, to its own session only", async () => {
  const logins = pendingLogins(memoryStore());
  const pending = { ...pendingWith("s1"), scope: "openid read" };
  await logins.keep("ada", pending);
  await logins.keep("bob", pendingWith("s2"));
  await expect(logins.take("bob", callback("s1"))).rejects.toMatchObject({ reason: "callback" });
  await expect(logins.take("eve", callback("s1"))).rejects.toMatchObject({ reason: "used" });
  expect(await logins.take("ada", new URL(callback("s1"), "https://app.example"))).toEqual(pending);
  expect((await logins.take("bob", callback("s2"))).state).toBe("s2");
});

it.each(["", "state=", "state=other", "state=s1&state=s1"])("the callback %j of somebody else leaves it where it is", async (query) => {
  const logins = pendingLogins(memoryStore());
  await logins.keep("ada", pendingWith("s1"));
  await expect(logins.take("ada", `/callback?${query}`)).rejects.toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "callback" });
  expect((await logins.take("ada", callback("s1"))).state).toBe("s1");
});

it("a session that begins again has the last login only", async () => {
  const logins = pendingLogins(memoryStore());
  await Promise.all(["s1", "s2", "s3"].map((state) => logins.keep("ada", pendingWith(state))));
  await logins.keep("ada", pendingWith("s4"));
  await expect(logins.take("ada", callback("s1"))).rejects.toMatchObject({ reason: "callback" });
  expect((await logins.take("ada", callback("s4"))).state).toBe("s4");
});

it("over an encrypted store, whoever reads the store learns neither verifier nor session", async () => {
  const written: string[] = [];
  const inner = memoryStore();
  const store: TokenStore = {
    read: (key) => inner.read(key),
    compareAndSet(key, expected, value) {
      written.push(key, value ?? "");
      return inner.compareAndSet(key, expected, value);
    },
  };
  const logins = pendingLogins(encryptedStore(store, { keys: [{ id: "1", key: new Uint8Array(32) }] }));
  await logins.keep("session-of-ada", pendingWith("s1"));
  expect(written.join()).not.toMatch(/canary|session-of-ada/);
  expect((await logins.take("session-of-ada", callback("s1"))).codeVerifier).toBe("canary-verifier");
});

const read = async (): Promise<undefined> => undefined;

it.each<[string, TokenStore, object]>([
  ["fails", { read, compareAndSet: () => Promise.reject(new Error("away")) }, { code: "ERR_STORE_UNAVAILABLE" }],
  [
    "throws",
    {
      read: () => {
        throw new Error("away");
      },
      compareAndSet: read,
    },
    { code: "ERR_STORE_UNAVAILABLE" },
  ],
  ["never answers", { read: () => new Promise(() => {}), compareAndSet: read }, { code: "ERR_STORE_UNAVAILABLE" }],
])("a store that %s is a typed error within its time", async (_, store, expected) => {
  await expect(pendingLogins(store).keep("ada", pendingWith("s1"))).rejects.toMatchObject(expected);
});

it.each(["no JSON: canary", "null", "7", '{"state":"s1"}'])("an entry that is no pending login is a typed error: %s", async (value) => {
  const store: TokenStore = { read: async () => ({ version: "1", value }), compareAndSet: async () => "2" };
  const error = await failureOf(pendingLogins(store).take("ada", callback("s1")));
  expect(error).toMatchObject({ name: "StoreError", code: "ERR_STORE_RECORD_INVALID" });
  expect(inspect(error)).not.toContain("canary");
});

it("refuses what is no store, no session and no pending login", async () => {
  expect(() => pendingLogins({} as TokenStore)).toThrow(/pendingLogins\.store: expected a token store/);
  const logins = pendingLogins(memoryStore());
  for (const failing of [logins.keep("", pendingWith("s")), logins.take("", "/callback"), logins.keep("ada", {} as PendingLogin)]) {
    await expect(failing).rejects.toMatchObject({ code: "ERR_INVALID_OPTION" });
  }
});
