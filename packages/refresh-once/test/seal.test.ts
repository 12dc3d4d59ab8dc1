import { memoryStore, type TokenStore } from "@tokenflight/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { refresh, setUp } from "./set-up.ts";

/** A memory store that shows everything that it was ever given. */
function openStore(): { store: TokenStore; written: string[]; entries: Map<string, string> } {
  const inner = memoryStore();
  const written: string[] = [];
  const entries = new Map<string, string>();
  const store: TokenStore = {
    ...inner,
    async compareAndSet(key, expected, value, options) {
      written.push(key, value ?? "", JSON.stringify(options));
      entries.set(key, value ?? "");
      return inner.compareAndSet(key, expected, value, options);
    },
  };
  return { store, written, entries };
}

/** Every way in which a text may stand in others. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const json = JSON.stringify(text).slice(1, -1);
  return [text, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(text), bytes.toString("hex")].concat(
    // Base64 at each place that its bytes may have in a longer text; what is next to them decides the first and the last characters.
    [0, 1, 2].flatMap((before) => {
      const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
      return (["base64", "base64url"] as const).map((encoding) => shifted.toString(encoding).slice(before === 0 ? 0 : before + 1, -3));
    }),
  );
}

it("the store never has a token, a client or the words of an answer in any form", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        sent: fc.string({ minLength: 12, maxLength: 60, unit: "binary" }),
        access: fc.string({ minLength: 12, maxLength: 60 }),
        next: fc.string({ minLength: 12, maxLength: 60 }),
        client: fc.string({ minLength: 12, maxLength: 20 }),
        status: fc.constantFrom(200, 400, 401, 500),
      }),
      async ({ sent, access, next, client, status }) => {
        const { store, written } = openStore();
        const { server, process } = setUp({ store });
        server.next.push(() => Response.json({ access_token: access, refresh_token: next, id_token: `${access}.id` }, { status }));
        await refresh(process(), sent, { client_id: client });
        const bytes = written.join("\n");
        expect(bytes.length).toBeGreaterThan(300);
        for (const secret of [sent, access, next, client, "access_token", "login.example.com", "invalid"])
          for (const form of formsOf(secret)) if (form.length >= 8) expect(bytes).not.toContain(form);
      },
    ),
    { numRuns: 100 },
  );
});

it("gives two refresh tokens, two clients and two endpoints entries and keys of their own", async () => {
  const { store, entries } = openStore();
  const { server, process } = setUp({ store });
  server.rotates = false;
  await refresh(process(), "r");
  await refresh(process(), "s");
  await refresh(process(), "r", { client_id: "you" });
  expect(entries.size).toBe(3);
  // Whoever exchanges entries only makes them unreadable.
  const [[one, first], [other, second]] = [...entries] as [[string, string], [string, string], [string, string]];
  await overwrite(store, one, second);
  await overwrite(store, other, first);
  const { length } = server.sent;
  await refresh(process(), "r");
  await refresh(process(), "s");
  expect(server.sent.slice(length)).toEqual(["r", "s"]);
});

it.each([
  ["that was changed", (value: string) => value.replace(/.$/, (last) => (last === "A" ? "B" : "A"))],
  ["that was cut", (value: string) => value.slice(0, -20)],
  ["that is something else", () => "{}"],
  ["that is empty", () => ""],
  ["in the clear", () => JSON.stringify({ format: 1, generation: 1, tokens: { access_token: "planted", refresh_token: "planted" } })],
])("an entry %s counts as none, is told of, and is replaced", async (_, change) => {
  const { store, entries } = openStore();
  const { server, process, events } = setUp({ store });
  server.rotates = false;
  await refresh(process(), "r");
  const [[key, value]] = [...entries] as [[string, string]];
  await overwrite(store, key, change(value));
  events.length = 0;
  expect(await refresh(process(), "r")).toMatchObject({ status: 200, access_token: "access-2" });
  expect(events).toContainEqual(expect.objectContaining({ type: "store-trouble", operation: "read" }));
  expect(await refresh(process(), "r")).toMatchObject({ access_token: "access-2" });
  expect(server.sent).toEqual(["r", "r"]);
});

it("whoever invents refresh tokens fills a store for minutes, not for weeks", async () => {
  const inner = memoryStore();
  const lifetimes: (number | undefined)[] = [];
  const store: TokenStore = {
    ...inner,
    async compareAndSet(key, expected, value, options) {
      lifetimes.push(options?.ttl);
      return inner.compareAndSet(key, expected, value, options);
    },
  };
  const { server, process } = setUp({ store, keep: 3600 });
  server.hasEnded = true;
  server.next.push(
    () => Response.json({ error: "slow_down" }, { status: 429 }),
    () => new Response("", { status: 500 }),
    () => Promise.reject(new Error("cut off")),
  );
  for (const invented of ["a", "b", "c", "d"]) await refresh(process(), invented).catch(() => {});
  server.hasEnded = false;
  await refresh(process(), "r");
  expect(lifetimes).toHaveLength(10);
  const longest = Math.max(...lifetimes.slice(0, -1).map((ttl) => ttl ?? Infinity));
  expect(longest).toBeGreaterThan(600_000);
  expect(longest).toBeLessThan(700_000);
  expect(lifetimes.at(-1)).toBeGreaterThan(3_600_000);
  expect(lifetimes.at(-1)).toBeLessThan(3_700_000);
});

it("no event and no error shows a token", async () => {
  const { server, process, events } = setUp();
  const send = process();
  const errors: unknown[] = [];
  server.next.push(() => Response.json({ access_token: "secret-a", refresh_token: "secret-b" }));
  await refresh(send, "secret-r");
  server.next.push(() => Response.json({ error: "x", error_description: "secret-b" }, { status: 500 }));
  await refresh(send, "secret-b");
  server.next.push(() => Promise.reject(new Error("no")));
  await refresh(send, "secret-c").catch((error: unknown) => errors.push(error));
  await refresh(process(), "secret-c").catch((error: unknown) => errors.push(error));
  expect(errors).toHaveLength(2);
  const { inspect } = await import("node:util");
  expect(events.length).toBeGreaterThan(5);
  expect(inspect([events, errors], { depth: 20, showHidden: true })).not.toContain("secret-");
});

async function overwrite(store: TokenStore, key: string, value: string): Promise<void> {
  const entry = await store.read(key);
  expect(await store.compareAndSet(key, entry?.version, value)).toBeDefined();
}
