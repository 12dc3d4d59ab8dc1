import type { StoreSetting } from "../processes/member-setting.ts";
import type { Refreshed } from "./libraries.ts";

export interface LibrarySetting {
  readonly store: StoreSetting;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  /** Where files may be written. */
  readonly folder: string;
}

export type LibraryCommands = {
  /** So many callers refresh at the same time. Each gets tokens, or the text of what was thrown. */
  refresh(library: string, refreshToken: string, isOnce: boolean, callers: number): Promise<(Refreshed | string)[]>;
};
