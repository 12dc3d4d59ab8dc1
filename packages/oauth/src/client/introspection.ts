import { readOptions, requireText, TokenRequestError } from "@tokenflight/core";
import { readFields, type AnswerFields } from "../endpoint/answer-fields.ts";
import type { ClientParts } from "./read-client-options.ts";
import { askEndpoint } from "../endpoint/endpoint-request.ts";
import { requireSignal } from "../endpoint/require-signal.ts";
import { failureOf } from "../endpoint/token-endpoint-response.ts";

/** What the server says of a token (RFC 7662 section 2.2). An object without a prototype. */
export type Introspection = AnswerFields & { readonly active: boolean };

export interface IntrospectionOptions {
  /** What kind of token it is, so that the server looks there first. */
  hint?: "access_token" | "refresh_token" | undefined;
  signal?: AbortSignal | undefined;
}

const open = new Set(["token_type_hint"]);

/** Asks what a token is worth (RFC 7662). Rejects with TokenRequestError and InvalidOptionError. */
export async function introspect(client: ClientParts, token: string, options: IntrospectionOptions = {}): Promise<Introspection> {
  const { hint, signal } = readOptions("introspect", options, ["hint", "signal"]);
  requireSignal("introspect.signal", signal);
  requireText("introspect.token", token);
  const fields = [["token", token] as const, ...(hint === undefined ? [] : [["token_type_hint", hint] as const])];
  return askEndpoint(client, { endpoint: "introspection_endpoint", fields: () => fields, open, signal }, ({ answer, host, mask }) => {
    const said = answer.status === 200 ? readFields(answer.text) : undefined;
    if (typeof said?.["active"] === "boolean") return said as Introspection;
    if (answer.status !== 200) throw failureOf(answer, { title: "introspection", host, mask });
    throw new TokenRequestError("unknown", `The introspection endpoint ${host} did not say whether the token is active.`, {
      status: 200,
    });
  });
}
