import type { Answer } from "./answer/answer.ts";
import type { RefreshCall } from "./call/refresh-call.ts";

/** A caller whose request may be the one that is sent. */
export interface Outgoing {
  readonly call: RefreshCall;
  /** What was answered. */
  whole?: Response;
  answer?: Answer | undefined;
  /** Nobody reads what is answered. */
  hasLeft?: true;
}

/** This caller does not take the response: what is still to come of it is not waited for. */
export function leave(outgoing: Outgoing): void {
  outgoing.hasLeft = true;
  if (outgoing.answer !== undefined) return;
  try {
    outgoing.whole?.body?.cancel().catch(() => {});
  } catch {
    // It is no stream of this kind.
  }
}

/** Stands for a response that nobody else gets. */
export function unkept({ purpose }: RefreshCall): Answer {
  return { id: "", status: 0, statusText: "", url: "", headers: [], body: "", purpose, kind: "unreadable" };
}
