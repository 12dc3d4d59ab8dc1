import { LateModule } from "../../cache/late/late-module.ts";
import type { TokenCache } from "../../cache/token-cache.ts";
import { waitFor } from "../../clock/waits.ts";
import { keepCall, signalOf, streamOf, type FetchCall } from "./fetch-call.ts";
import type { Sender } from "./sender.ts";

export const lateSender: LateModule<Sender> = new LateModule(async () => (await import("./sender.ts")).sender);

/** In a program that has just begun, a call waits for what sends it as it waits for a selector's promise or for a token. No request goes without one. */
export async function sendWhenLoaded(call: FetchCall, cache: TokenCache | Promise<TokenCache | undefined>): Promise<Response> {
  keepCall(call);
  try {
    const [sender] = await waitFor(Promise.all([lateSender.load(), cache]), signalOf(call));
    return sender.send(call, cache);
  } catch (error) {
    // A fetch that fails leaves no stream open.
    streamOf(call)
      ?.cancel()
      .catch(() => {});
    throw error;
  }
}
