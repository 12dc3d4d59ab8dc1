import type { HoldPoint } from "./member-commands.ts";
import type { MemberSetting } from "./member-setting.ts";

/** How a service ends at SIGTERM: as the guide says, or with its store alone, as programs did that knew no other end. */
export type End = "cache, then store" | "store alone";

export interface ServiceSetting extends MemberSetting {
  /** Whose tokens it uses. */
  readonly keys: readonly string[];
  readonly end: End;
  /** Where its refresh stays until SIGTERM has come, and for a fifth of a second then. */
  readonly slowAt?: HoldPoint;
}
