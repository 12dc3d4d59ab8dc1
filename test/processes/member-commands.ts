import type { TokenEvent } from "@tokenflight/core";
import type { Outcome } from "./outcome.ts";

/** The steps of a refresh at which a process ends or stops in the tests, in their order. */
export const crashPoints = ["before-intent", "intent-written", "request-sent", "server-consumed", "result-written"] as const;

export type CrashPoint = (typeof crashPoints)[number];

export interface Crash {
  readonly point: CrashPoint;
  readonly signal: "SIGKILL" | "SIGSTOP";
}

/** What a member can be asked to do for a subject, by its key. */
export type MemberCommands = {
  get(key: string): Promise<Outcome>;
  /** Takes the current token for refused and asks for another. */
  renew(key: string): Promise<Outcome>;
  /** At this point of its next refresh it sends itself that signal. */
  crashAt(crash: Crash): void;
  /** Does so now, between two things that it does: whoever is stopped from outside may hold a lock of the store. */
  crashNow(): void;
  /** Events of all its caches since it started, by type. */
  events(): Partial<Record<TokenEvent["type"], number>>;
  /** Its wall clock. */
  now(): number;
};
