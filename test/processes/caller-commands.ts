import type { MemberSetting } from "./member-setting.ts";

export interface CallerSetting extends MemberSetting {
  /** Its name in the history. */
  readonly name: string;
  /** The client that it sends its requests with, by its name in test/clients. */
  readonly client: string;
  /** The origin of the API. */
  readonly api: string;
  readonly key: string;
  /** The file of the history. */
  readonly history: string;
}

export interface CallerResult {
  readonly requests: number;
  /** Answers other than 200, and what was thrown. */
  readonly failures: readonly string[];
  /** Answers 401 that reached the caller. */
  readonly refusals: number;
}

export type CallerCommands = {
  /** Sends so many requests with each of so many different tokens, one after the other, and waits for one more token then. */
  call(generations: number, requestsEach: number): Promise<CallerResult>;
};
