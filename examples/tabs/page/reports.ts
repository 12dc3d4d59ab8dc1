import type { TokenEvent } from "@tokenflight/core";

/** A token as it was put on one attempt of a call: its fingerprint, and when. */
export interface Attempt {
  readonly token: string;
  readonly at: number;
}

/** One thing that happened in a tab or in the service worker. Times are milliseconds since the UNIX epoch; no report has a token in it. */
export type Report = { readonly by: string; readonly at: number } & (
  | { readonly type: "refreshed"; readonly token: string; readonly generation: number; readonly why: string; readonly from: number }
  | { readonly type: "took-over"; readonly token: string; readonly generation?: number }
  | { readonly type: "logged-in"; readonly token: string; readonly generation: number }
  | { readonly type: "logged-out" | "login-over" }
  | {
      readonly type: "called";
      readonly from: number;
      readonly attempts: readonly Attempt[];
      readonly status: number;
      /** Whose orders came. */
      readonly user: string | undefined;
      /** What became of a call that has no status. */
      readonly error: string | undefined;
    }
);

/** Where refreshes happen. */
export type Place = "page" | "worker";

/** What tabs tell each other. */
export type Message =
  | { readonly type: "report"; readonly report: Report }
  | { readonly type: "calls"; readonly count: number }
  | { readonly type: "place"; readonly place: Place }
  | { readonly type: "history-wanted" }
  | { readonly type: "history"; readonly reports: readonly Report[] };

export function openChannel(): BroadcastChannel {
  return new BroadcastChannel("tabs example");
}

/** What an event of a token cache says to the other tabs. `generation` counts in the store that all tabs share. */
export function reportOf(by: string, event: TokenEvent): Report | undefined {
  const at = Date.now();
  switch (event.type) {
    case "token-obtained": {
      const { token, generation, reason, urgency, duration } = event;
      return { by, at, type: "refreshed", token, generation, why: urgency === "ahead" ? "ahead" : reason, from: at - duration };
    }
    case "token-adopted":
      return { by, at, type: "took-over", token: event.token, generation: event.generation };
    case "token-saved":
      return { by, at, type: "logged-in", token: event.token, generation: event.generation };
    case "token-forgotten":
      return { by, at, type: "logged-out" };
    case "login-required":
      return { by, at, type: "login-over" };
    default:
      return undefined;
  }
}
