import type { MemberSetting } from "./member-setting.ts";

export interface SenderSetting extends MemberSetting {
  /** What it calls itself in the header `x-sender`. */
  readonly name: string;
  readonly key: string;
  /** The origin of the API. */
  readonly api: string;
}

/** What a token endpoint answered, as far as it is used here. */
export interface LoginAnswer {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly scope: string;
}

export type SenderCommands = {
  /** Takes the token set of a login. */
  save(answer: LoginAnswer): Promise<void>;
  /** Logs out. */
  forget(): Promise<void>;
  /** What it says of its login, without a look into the store. */
  status(): { readonly state: string; readonly scope?: string | undefined };
};
