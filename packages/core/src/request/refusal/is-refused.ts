import type { BearerPolicy } from "../bearer-policy.ts";
import { isAboutTheToken } from "./challenge.ts";
import { looksIntoBodies } from "./refused-by.ts";

/** What an adapter knows about one of its client's responses. */
export interface ResponseFacts {
  /** HTTP status. */
  readonly status: number;
  /** WWW-Authenticate. */
  readonly challenge: string | null | undefined;
}

/** Whether a response refuses the token. Answers without a promise unless the caller's own predicate gives one. */
export function isRefused<Response>(
  { refused }: Pick<BearerPolicy<never, Response>, "refused">,
  response: Response,
  { status, challenge }: ResponseFacts,
): boolean | Promise<boolean> {
  const isRefusal = status === 401 && isAboutTheToken(challenge);
  // `refusedBy` looks for refusals besides these.
  if (refused === undefined || (isRefusal && looksIntoBodies(refused))) return isRefusal;
  try {
    const answer = refused(response);
    return typeof answer === "boolean" ? answer : Promise.resolve(answer).catch(() => false);
  } catch {
    return false;
  }
}
