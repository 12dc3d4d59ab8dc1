import { setTimeout as sleep } from "node:timers/promises";
import { bearer } from "@tokenflight/undici";
import { Agent, type Dispatcher } from "undici";
import { jsonAnswer } from "../servers/answer.ts";
import type { WireSession } from "./wire-session.ts";

/** A dispatcher that puts the session's token on requests to its wire. */
export const attached = ({ tokens, wire }: WireSession, dispatcher: Dispatcher = new Agent()): Dispatcher.ComposedDispatcher =>
  dispatcher.compose(bearer(tokens, { origins: wire.origin }));

export const get = ({ wire }: WireSession): Dispatcher.DispatchOptions => ({ origin: wire.origin, path: "/", method: "GET" });

/** The token endpoint says no, after so many milliseconds. */
export function failRenewals({ server }: WireSession, after = 0): void {
  server.faults.always(async () => {
    await sleep(after);
    return jsonAnswer(401, { error: "invalid_client" });
  });
}
