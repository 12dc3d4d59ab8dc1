import type { Crash } from "./member-commands.ts";

/** What a token endpoint has said, as far as it is used here. */
export interface RefresherAnswer {
  readonly status: number;
  readonly access_token?: string;
  readonly error?: string;
}

export type RefresherCommands = {
  /** So many callers come with this refresh token at the same time. The key names the login in the server's books. */
  refresh(key: string, refreshToken: string, callers: number): Promise<RefresherAnswer[]>;
  /** At this point of its next refresh it sends itself that signal. */
  crashAt(crash: Crash): void;
  crashNow(): void;
};
