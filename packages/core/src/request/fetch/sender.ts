import type { TokenCache } from "../../cache/token-cache.ts";
import { waitFor } from "../../clock/waits.ts";
import { sendWithToken } from "../send-with-token.ts";
import type { FetchCall } from "./fetch-call.ts";
import { OutgoingFetchRequest } from "./outgoing-fetch-request.ts";

/** What happens to a call once it may have a token, behind one function, so that a page can start without it. */
export interface Sender {
  send(call: FetchCall, cache: TokenCache | Promise<TokenCache | undefined>): Promise<Response>;
}

export const sender: Sender = {
  send(call, cache) {
    const outgoing = new OutgoingFetchRequest(call);
    const response = "then" in cache ? sendWhenKnown(call, cache, outgoing) : sendWithToken(call.policy, cache, outgoing);
    return outgoing.holdsBody ? response.finally(() => outgoing.release()) : response;
  },
};

/** The selector's answer is awaited. */
async function sendWhenKnown(call: FetchCall, answer: Promise<TokenCache | undefined>, outgoing: OutgoingFetchRequest): Promise<Response> {
  outgoing.keep();
  const cache = await waitFor(answer, outgoing.signal);
  if (cache !== undefined) return sendWithToken(call.policy, cache, outgoing);
  call.log.withoutToken(call.url, "no-cache");
  return outgoing.send(undefined);
}
