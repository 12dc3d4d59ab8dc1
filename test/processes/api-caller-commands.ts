import type { MemberSetting } from "./member-setting.ts";

export interface ApiCallerSetting extends MemberSetting {
  readonly key: string;
  /** Each with the name by which the authorization server knows it (RFC 8707). */
  readonly apis: readonly { readonly resource: string; readonly origin: string }[];
}

export type ApiCallerCommands = {
  /** Calls all APIs at the same time for so many milliseconds. Resolves to how often each status or error code came. */
  call(duration: number): Promise<Readonly<Record<string, number>>>;
};
