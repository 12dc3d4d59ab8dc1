import type { Outcome } from "../processes/outcome.ts";
import type { CrashSetting, Member } from "./crash-setting.ts";

/** Several processes that hold the same tokens and all ask at the same time. */
export interface Crowd {
  readonly members: readonly Member[];
  /** Each takes the current token for refused and asks for another; repeated, with a pause, while a failure may still pass. */
  renew(key: string): Promise<Outcome[]>;
}

const passing = new Set(["ERR_TOKEN_REQUEST_NOT_SENT", "ERR_TOKEN_REQUEST_THROTTLED", "ERR_TOKEN_REQUEST_UNKNOWN"]);

export const crowdSize = 5;

export async function startCrowd(setting: CrashSetting): Promise<Crowd> {
  const members = await Promise.all(Array.from({ length: crowdSize }, () => setting.startMember()));
  return {
    members,
    async renew(key) {
      const settle = async (member: Member): Promise<Outcome> => {
        for (;;) {
          const outcome = await member.ask("renew", key);
          if (outcome.ok || !passing.has(outcome.code)) return outcome;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };
      // All of them hold the token before the first one asks for another.
      for (const member of members) await member.ask("get", key);
      return Promise.all(members.map(settle));
    },
  };
}
