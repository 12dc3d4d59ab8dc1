import type { MemberSetting } from "./member-setting.ts";

export interface JobSetting extends MemberSetting {
  readonly key: string;
  /** What its main function does last: waits for a new token, sends the old one, or makes a cache and does nothing with it. */
  readonly last: "waits for a token" | "leaves a refresh behind" | "does nothing";
  /** The first write of its result fails, as on a disk that is full for a moment. */
  readonly writeFails?: boolean;
}
