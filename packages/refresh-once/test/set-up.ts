import { memoryStore, systemClock, type Clock, type TokenStore } from "@tokenflight/core";
import { onTestFinished, vi } from "vitest";
import { refreshOnce, type RefreshOnceEvent, type RefreshOnceOptions } from "../src/index.ts";
import { TokenServer } from "./token-server.ts";

export const endpoint = "https://login.example.com/token";

export type Fetch = typeof fetch;

export interface SetUp {
  readonly server: TokenServer;
  readonly store: TokenStore;
  readonly events: RefreshOnceEvent[];
  /** Resolves when so many processes wait for the answer that another one has asked for. */
  waiting(count: number): Promise<void>;
  /** Resolves when so many calls, of all processes, have come as far as to send their refresh token, or to wait for the one that does in their process. */
  joined(count: number): Promise<void>;
  /** A fetch function with a state of its own, as each process has one. */
  process(options?: Partial<RefreshOnceOptions>): Fetch;
  /** Both clocks go on by so many milliseconds, and no timer notices. */
  pass(milliseconds: number): void;
  /** Somebody sets the wall clock. */
  setWall(by: number): void;
}

export function setUp(given: Partial<RefreshOnceOptions> = {}): SetUp {
  const server = new TokenServer();
  const beneath = given.store ?? memoryStore();
  let waits = 0;
  const store: TokenStore = {
    ...beneath,
    read: (...operation) => beneath.read(...operation),
    compareAndSet: (...operation) => beneath.compareAndSet(...operation),
    watch(key, changed) {
      waits += 1;
      return beneath.watch?.(key, changed) ?? (() => {});
    },
  };
  // How long the platform takes to derive keys is not known. From there on there is nothing to wait for.
  const keys = vi.spyOn(crypto.subtle, "deriveBits");
  onTestFinished(() => keys.mockRestore());
  const events: RefreshOnceEvent[] = [];
  let [passed, wall] = [0, 0];
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now() + passed + wall,
    monotonic: () => systemClock.monotonic() + passed,
  };
  const options = { clock, observe: (event: RefreshOnceEvent) => void events.push(event), ...given, store };
  return {
    server,
    store,
    events,
    waiting: (count) => until(() => waits >= count),
    async joined(count) {
      await until(() => keys.mock.settledResults.filter(({ type }) => type === "fulfilled").length >= count);
      await new Promise(setImmediate);
    },
    process: (own) => refreshOnce({ ...options, ...own })(server.fetch),
    pass: (milliseconds) => void (passed += milliseconds),
    setWall: (by) => void (wall += by),
  };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

/** A refresh as most libraries send it. */
export function refreshWith(refreshToken: string, fields: Readonly<Record<string, string>> = {}, init: RequestInit = {}): RequestInit {
  return {
    method: "POST",
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken, client_id: "me", ...fields }),
    ...init,
  };
}

/** What a program makes of an answer. */
export async function refresh(send: Fetch, refreshToken: string, fields?: Readonly<Record<string, string>>): Promise<Answered> {
  const response = await send(endpoint, refreshWith(refreshToken, fields));
  return { status: response.status, ...((await response.json()) as object) };
}

export interface Answered {
  readonly status: number;
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly expires_in?: number;
  readonly error?: string;
}
