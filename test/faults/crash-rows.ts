import type { CrashPoint } from "../processes/member-commands.ts";

/** What has to come of a crash at one point, for each time that it is tried. */
export interface CrashRow {
  readonly point: CrashPoint;
  /** What the server does with a refresh token that it gets a second time. */
  readonly provider: "strict" | "with a grace time";
  readonly expected: string;
  /** The same for a process that stops and goes on later, where it is not the same. */
  readonly expectedOfStopped?: string;
  /** The same for a process that is killed, where the store knows that it is dead. */
  readonly expectedOfKnownEnd?: string;
  /** Whether the others still get the old access token until somebody takes over. */
  readonly oldTokenServed: boolean;
  /** Whether the session is over: nobody could have kept it. */
  readonly lost: boolean;
  /** Token requests, those of the crashed process included. */
  readonly requests: number;
}

const consumed = {
  provider: "with a grace time",
  expected: "the old token is served, the refresh token is sent once more, and the session goes on",
  oldTokenServed: true,
  lost: false,
  requests: 2,
} as const;

const lost = {
  provider: "strict",
  expected: "the old token is served, the refresh token is sent once more, then LoginRequiredError and no further token request",
  expectedOfStopped:
    "the old token is served, the refresh token is sent once more, the late owner's tokens are tried once at most, then LoginRequiredError and no further token request",
  oldTokenServed: true,
  lost: true,
  requests: 2,
} as const;

/** In the order of a refresh. A strict server stands for both where the refresh token is sent only once. */
export const crashRows: readonly CrashRow[] = [
  {
    point: "before-intent",
    provider: "strict",
    expected: "the next process refreshes at once, with the only token request",
    oldTokenServed: true,
    lost: false,
    requests: 1,
  },
  {
    point: "intent-written",
    provider: "strict",
    expected: "the old token is served, and after the deadline another process sends the only token request",
    expectedOfKnownEnd:
      "the old token is served, and another process sends the only token request at once, since it knows that the owner is dead",
    oldTokenServed: true,
    lost: false,
    requests: 1,
  },
  { point: "request-sent", ...consumed },
  { point: "request-sent", ...lost },
  { point: "server-consumed", ...consumed },
  { point: "server-consumed", ...lost },
  {
    point: "result-written",
    provider: "strict",
    expected: "the others find the new token in the store: there is nothing to notice",
    oldTokenServed: false,
    lost: false,
    requests: 1,
  },
];

/** A name for each point, as a reader of the table knows it. */
export const whenOf: Readonly<Record<CrashPoint, string>> = {
  "before-intent": "before the intent is written",
  "intent-written": "after the intent was written",
  "request-sent": "while the token request is at the server",
  "server-consumed": "after the server has used up the refresh token",
  "result-written": "after the result was written",
};

export function faultOf(signal: string, { point, provider }: CrashRow): string {
  return `${signal} ${whenOf[point]}${point === "request-sent" || point === "server-consumed" ? ` (provider ${provider})` : ""}`;
}
