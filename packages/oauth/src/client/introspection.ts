import { readOptions, requireSignal, requireText, TokenRequestError } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { readFields, type AnswerFields } from "../endpoint/answer-fields.ts";
import { askEndpoint, type BodyFields } from "../endpoint/endpoint-request.ts";
import { failureOf } from "../endpoint/failure.ts";

/** What the server says of a token (RFC 7662 section 2.2). An object without a prototype. */
export type Introspection = AnswerFields & {
  /** Whether the token is active: good now, and known to this server (RFC 7662 section 2.2). */
  readonly active: boolean;
};

/** The options of `introspect`. */
export interface IntrospectionOptions {
  /** What kind of token it is, so that the server looks there first. Default: left out. */
  hint?: "access_token" | "refresh_token" | undefined;
  /** Ends the request. Default: none. */
  signal?: AbortSignal | undefined;
}

/** Asks whether a token is active (RFC 7662). Rejects with TokenRequestError and InvalidOptionError. */
export async function introspect(client: ClientParts, token: string, options: IntrospectionOptions = {}): Promise<Introspection> {
  const { hint, signal } = readOptions("introspect", options, ["hint", "signal"]);
  requireSignal("introspect.signal", signal);
  requireText("introspect.token", token);
  const fields: BodyFields = hint === undefined ? [] : [["token_type_hint", hint]];
  return askEndpoint(client, { endpoint: "introspection_endpoint", fields, secrets: { token }, namesClient: false, signal }, (answer) => {
    const said = answer.status === 200 ? readFields(answer.text) : undefined;
    if (typeof said?.["active"] === "boolean") return said as Introspection;
    if (answer.status !== 200) throw failureOf(answer);
    const message = `The introspection endpoint ${answer.host} did not say whether the token is active.`;
    throw new TokenRequestError("unknown", message, { status: 200 });
  });
}
