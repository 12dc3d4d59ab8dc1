import type { TokenEvent } from "@tokenflight/core";
import type { Outcome } from "./outcome.ts";

/** The steps of a refresh at which a process ends or stops in the tests, in their order. */
export const crashPoints = ["before-intent", "intent-written", "request-sent", "server-consumed", "result-written"] as const;

export type CrashPoint = (typeof crashPoints)[number];

/** Where a refresh can be held: also when its answer is there, and the write of its result is about to begin. */
export type HoldPoint = CrashPoint | "before-result";

export interface Crash {
  readonly point: CrashPoint;
  readonly signal: "SIGKILL" | "SIGSTOP";
}

/** What a member can be asked to do for a subject, by its key. */
export type MemberCommands = {
  get(key: string): Promise<Outcome>;
  /** Takes the current token, or this access token, for refused and asks for another. */
  renew(key: string, refused?: string): Promise<Outcome>;
  /** At this point of its next refresh it sends itself that signal. */
  crashAt(crash: Crash): void;
  /** Does so now, between two things that it does: whoever is stopped from outside may hold a lock of the store. */
  crashNow(): void;
  /** Its refreshes stay at this point for good. Resolves when so many of them have got there. */
  holdAt(point: HoldPoint, refreshes: number): Promise<void>;
  /** Resolves when it has next read that a refresh is under way. */
  intentSeen(): Promise<void>;
  /** Events of all its caches since it started, by type. */
  events(): Partial<Record<TokenEvent["type"], number>>;
  /** Its wall clock. */
  now(): number;
};
