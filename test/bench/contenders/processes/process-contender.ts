import type { Contender } from "../../measure/sample.ts";
import type { Send } from "../clients/client-contender.ts";
import type { HeldToken } from "../held-token.ts";

/** What each of several processes is given, as JSON. */
export interface SharedSetting {
  readonly origin: string;
  readonly tokenEndpoint: string;
  /** The login that all of them share. */
  readonly held: HeldToken;
  /** A folder that all of them may write to, empty in the beginning. */
  readonly folder: string;
}

/** A way for several processes to use one login, through fetch. */
export interface ProcessContender extends Contender {
  /** Runs before the processes start, in another one. */
  prepare?(setting: SharedSetting): Promise<void>;
  connect(setting: SharedSetting): Promise<Send>;
}
