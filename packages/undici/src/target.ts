import { InvalidOptionError } from "@tokenflight/core";
import type { Dispatcher } from "undici";

/** Two generations of handlers: undici 6 tells the second name. */
interface Probe extends Dispatcher.DispatchHandler {
  onError(): void;
}

/**
 * Before 8.12, undici does not tell an interceptor where its dispatcher sends to. An Agent sends where a request says; a Client and a Pool send to their own
 * origin, whatever a request says. Here a request with an impossible origin and an impossible path asks for it: nothing is sent, who looks at the origin
 * complains of that, and who does not complains of the path. Throws InvalidOptionError for these, and for undici 6, whose handlers are others.
 */
export function requireKnownTarget(dispatch: Dispatcher.Dispatch): void {
  let answer: unknown;
  let isOld = false;
  const probe: Probe = {
    onRequestStart() {},
    onResponseStart() {},
    onResponseEnd() {},
    onResponseError: (_controller, error) => (answer = error),
    onError: () => (isOld = true),
  };
  try {
    dispatch({ origin: "ftp://127.0.0.1", path: "", method: "OPTIONS" }, probe);
  } catch (error) {
    answer = error;
  }
  const message = answer instanceof Error ? answer.message : "";
  // Its interceptors miss methods of the handlers that it has.
  if (isOld || /^invalid on[A-Z]/.test(message)) throw new InvalidOptionError("compose", "undici 7 or later", "an older one");
  if (answer === undefined || /path/i.test(message)) {
    const expected = "an Agent, or undici 8.12 or later, which tells where a Client or a Pool sends to";
    throw new InvalidOptionError("compose", expected, "a dispatcher of an older undici that does not send where a request says");
  }
}
