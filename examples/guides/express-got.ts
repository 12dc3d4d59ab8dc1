import { LoginRequiredError, TokenflightError, type TokenPool } from "@tokenflight/core";
import { bearer } from "@tokenflight/got";
import got, { HTTPError, type Got, type RequestError } from "got";

export function apiFor(users: TokenPool, origin: string): Got {
  const tokens = bearer(({ context }) => users.for(context["user"] as string), { origins: origin });
  return got.extend(tokens, { prefixUrl: origin, hooks: { beforeError: [asTokenError] } });
}

/** To got a token error is the cause of an error of its own, and a refusal is an HTTPError. */
function asTokenError(error: RequestError): Error {
  if (TokenflightError.is(error.cause)) return error.cause;
  return error instanceof HTTPError && error.response.statusCode === 401 ? new LoginRequiredError("The login is over.") : error;
}
