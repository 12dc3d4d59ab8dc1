import {
  createTokenCache,
  systemClock,
  type Clock,
  type LoginStatus,
  type StoredEntry,
  type TokenCache,
  type TokenSet,
  type TokenStore,
} from "@tokenflight/core";
import { expect } from "vitest";
import { tokenErrorIn } from "../../clients/client-under-test.ts";
import { startSession } from "../../end-to-end/session.ts";
import { jsonAnswer } from "../../servers/answer.ts";
import { startResourceApi } from "../../servers/resource-api.ts";
import { beforeUse } from "../../servers/token-endpoint-faults.ts";
import type { Scenario } from "./scenario.ts";

/** A token cache of somebody's own class. Its methods need their object. */
class OwnTokenCache implements TokenCache {
  readonly #tokens: TokenCache;
  asked = 0;

  constructor(tokens: TokenCache) {
    this.#tokens = tokens;
  }

  #ask(): TokenCache {
    this.asked += 1;
    return this.#tokens;
  }

  peek(): TokenSet | undefined {
    return this.#ask().peek();
  }

  get(options?: Parameters<TokenCache["get"]>[0]): Promise<TokenSet> {
    return this.#ask().get(options);
  }

  renew(refused: TokenSet, options?: Parameters<TokenCache["renew"]>[1]): Promise<TokenSet> {
    return this.#ask().renew(refused, options);
  }

  reportReplay(renewed: TokenSet, accepted: boolean): void {
    this.#ask().reportReplay(renewed, accepted);
  }

  save(tokens: Parameters<TokenCache["save"]>[0]): Promise<TokenSet> {
    return this.#ask().save(tokens);
  }

  seed(tokens: Parameters<TokenCache["seed"]>[0]): Promise<boolean> {
    return this.#ask().seed(tokens);
  }

  forget(): Promise<void> {
    return this.#ask().forget();
  }

  reread(): Promise<TokenSet | undefined> {
    return this.#ask().reread();
  }

  status(): LoginStatus {
    return this.#ask().status();
  }
}

class OwnStore implements TokenStore {
  #entry: StoredEntry | undefined;
  #version = 0;

  async read(): Promise<StoredEntry | undefined> {
    return this.#entry;
  }

  async compareAndSet(_key: string, expected: StoredEntry["version"] | undefined, value: string | undefined): Promise<string | undefined> {
    if (this.#entry?.version !== expected) return undefined;
    const version = String((this.#version += 1));
    this.#entry = value === undefined ? undefined : { version, value };
    return version;
  }
}

class OwnClock implements Clock {
  readonly #clock = systemClock;

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  random(): number {
    return this.#clock.random();
  }

  schedule(callback: () => void, delay: number, ref?: boolean): () => void {
    return this.#clock.schedule(callback, delay, ref);
  }
}

/** C: what a refresh leaves behind, and what stands around it. */
export const settling: readonly Scenario[] = [
  {
    id: "C40",
    title: "a refresh that has failed, or succeeded, leaves nothing behind: the next request that needs one starts another",
    async run({ connect }) {
      let skipped = 0;
      const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skipped };
      await using session = await startSession({ cache: { clock } });
      const { tokens, api, server, refreshes } = session;
      const send = connect(tokens, api.origin);
      server.revokeAccessToken((await tokens.get()).accessToken);
      server.faults.next(beforeUse(jsonAnswer(500, { error: "server_error" })));
      expect((await send({})).status).toBe(401);
      await expect.poll(refreshes).toBe(1);

      for (const expected of [2, 3]) {
        // The pause after a failure, and any doubt about new tokens, is over.
        skipped += 60_000;
        // A client that cannot replay gets its refusal first.
        await send({});
        expect((await send({})).status).toBe(200);
        expect(refreshes()).toBe(expected);
        server.revokeAccessToken((await tokens.get()).accessToken);
      }
    },
  },
  {
    id: "C41",
    title: "a token source that throws at once rejects the request, and one that gives no promise serves it",
    async run({ connect }) {
      await using api = await startResourceApi({ isActive: (token) => token === "at-once" });
      const failure = new Error("no such user");
      const throwing = createTokenCache({
        source() {
          throw failure;
        },
      });

      const error = await connect(throwing, api.origin)({}).catch((thrown: unknown) => thrown);
      expect(tokenErrorIn(error)).toMatchObject({ code: "ERR_TOKEN_REQUEST_UNKNOWN", cause: failure });
      expect(api.requests).toHaveLength(0);

      const giving = createTokenCache({ source: (() => ({ access_token: "at-once" })) as never });
      expect((await connect(giving, api.origin)({})).status).toBe(200);
    },
  },
  {
    id: "C44",
    title: "an error that is none of HTTP, thrown beneath the tokens, comes out as it does without them",
    async run({ connect }) {
      const tokens = createTokenCache({ source: async () => ({ access_token: "token" }) });
      const failure = Object.assign(new Error("no route"), { code: "ENOROUTE" });
      const rejection = (used: TokenCache | undefined): Promise<unknown> =>
        connect(used, "https://api.example.com", {}, { failure })({}).catch((thrown: unknown) => thrown);

      const [theirs, ours] = [await rejection(undefined), await rejection(tokens)];

      // The same object, behind as many errors of the client's own.
      const depth = (error: unknown): number => (error === failure ? 0 : 1 + depth((error as Error).cause));
      expect(depth(ours)).toBe(depth(theirs));
      expect((ours as Error).constructor).toBe((theirs as Error).constructor);
      expect((ours as Error).message).toBe((theirs as Error).message);
    },
  },
  {
    id: "C53",
    title: "a token cache, a store and a clock of the caller's own classes are called as the objects that they are",
    async run({ connect }) {
      await using api = await startResourceApi({ isActive: (token) => token !== "1" });
      let count = 0;
      const store = new OwnStore();
      const cache = createTokenCache({
        source: async () => ({ access_token: String((count += 1)), expires_in: 60 }),
        store,
        identity: "own",
        key: "user",
        clock: new OwnClock(),
      });
      const tokens = new OwnTokenCache(cache);
      const send = connect(tokens, api.origin);

      await send({});
      expect((await send({})).status).toBe(200);

      expect(tokens.asked).toBeGreaterThan(2);
      expect(await store.read()).toBeDefined();
    },
  },
];
