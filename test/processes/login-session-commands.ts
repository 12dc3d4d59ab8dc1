import type { MemberSetting } from "./member-setting.ts";

export interface LoginSessionSetting extends Omit<MemberSetting, "clientSecret" | "tokenEndpoint"> {
  readonly issuer: string;
  readonly key: string;
}

export type LoginSessionCommands = {
  /** Begins a shared login. */
  begin(): void;
  /** Resolves to the login page once this process is the one that shows it, or to undefined when it is only told to wait. Rejects when its login has ended. */
  shown(): Promise<string | undefined>;
  /** Resolves to the access token that the shared login gives, or to the code of its error. */
  result(): Promise<string>;
  /** Ends the login as the user does who closes the window. */
  cancel(): void;
};
