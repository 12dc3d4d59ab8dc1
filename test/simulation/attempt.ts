import type { Owner } from "./event-heap.ts";
import type { SimProcess } from "./sim-process.ts";

/** One intent, and the token request that it stands for. */
export interface Attempt {
  readonly process: SimProcess;
  /** The process, or the request that an isolate serves. */
  readonly task: Owner;
  readonly subject: string;
  readonly owner: string;
  /** The refresh token that stood in the record, if there was one. */
  readonly refreshToken: string | undefined;
  readonly claimedAt: number;
  /** Milliseconds of silence after which others may take over. */
  readonly deadline: number;
  /** Whether the token source was asked. */
  asked: boolean;
  /** Whether the server has used the refresh token up. */
  consumed: boolean;
  /** The access token that it brought. */
  obtained: string | undefined;
  /** The new refresh token that came without a usable access token. */
  kept: string | undefined;
  /** What the token source said in the end. */
  outcome: "tokens" | "refresh token" | "login required" | "nothing used up" | "unknown" | undefined;
  /** Why its refresh token may be sent once more: what happened to its owner, its request or its writes. */
  excuse: string | undefined;
  /** Whether the store has said that its owner has ended. */
  saidToBeGone: boolean;
  /** Whether the record tells what became of it. */
  closed: boolean;
}

type Begun = Pick<Attempt, "process" | "task" | "subject" | "owner" | "refreshToken" | "claimedAt" | "deadline">;

/** An intent that was just written. */
export function newAttempt(begun: Begun): Attempt {
  const open = {
    asked: false,
    consumed: false,
    obtained: undefined,
    kept: undefined,
    outcome: undefined,
    excuse: undefined,
    saidToBeGone: false,
    closed: false,
  };
  return { ...begun, ...open };
}
