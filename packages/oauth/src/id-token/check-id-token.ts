import type { TokenResponse } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { readClaims } from "../endpoint/answer-fields.ts";
import { LoginError } from "../errors.ts";
import { describeClock } from "./clock-difference.ts";
import { findFault, type IdTokenRules } from "./find-fault.ts";

export interface LoginRules extends IdTokenRules {
  /** Undefined when the request had none. */
  readonly nonce: string | undefined;
  /** Whether there has to be an id token, because the scope `openid` was asked for. */
  readonly required: boolean;
  /** Seconds by which this machine's clock is ahead of the Date of the token endpoint's answer; undefined when it had none. */
  readonly ahead: number | undefined;
}

/**
 * Checks the id token of a login. One that nobody asked for is checked as well, and one that is no text is left for core to ignore. Rejects with
 * LoginError, which keeps nothing of the token, and says by how much this machine's clock seems to differ when a time is what is wrong.
 */
export async function checkIdToken(client: ClientParts, response: TokenResponse, rules: LoginRules): Promise<void> {
  const idToken = response.id_token;
  if (typeof idToken !== "string" || idToken === "") {
    if (!rules.required) return;
    throw new LoginError("id-token", "The token endpoint gave no id token, though the scope openid was asked for.");
  }
  const found = await findFault(client, idToken, rules);
  if (found === undefined) return;
  const { fault, problem, code, cause } = found;
  const said = `The id token is not one for this login: it ${problem}${code === undefined ? "" : ` (${code})`}.`;
  if (fault !== "time") throw new LoginError("id-token", said, { cause });
  const clock = describeClock(rules.ahead, readClaims(idToken)?.["iat"]);
  throw new LoginError("id-token", `${said} ${clock} The option clockTolerance allows ${client.clockTolerance} seconds.`, { cause });
}
