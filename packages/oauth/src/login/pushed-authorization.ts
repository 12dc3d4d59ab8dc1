import { TokenRequestError } from "@tokenflight/core";
import type { ClientParts } from "../client-parts.ts";
import { readFields, textField } from "../endpoint/answer-fields.ts";
import { askEndpoint, type BodyFields, type EndpointRequest } from "../endpoint/endpoint-request.ts";
import { failureOf } from "../endpoint/failure.ts";
import { asClient } from "./as-client.ts";

/** The answer of RFC 9126 section 2.2. */
export interface PushedRequest {
  /** Stands for the request, once, in the authorization request that the browser carries. */
  readonly requestUri: string;
  /** Milliseconds for which the server keeps it. */
  readonly expiresIn: number;
}

/** Seconds, where the server does not say. RFC 9126 section 2.2 speaks of 5 to 600. */
const defaultLifetime = 60;
/** Seconds: a day. */
const longestLifetime = 86_400;
/** Characters. It has to fit into a URL. */
const longestUri = 2048;

/**
 * Sends an authorization request from here to the server (RFC 9126), with the client's authentication, so that nothing of it but a reference goes through
 * the browser. Rejects with TokenRequestError.
 */
export function pushAuthorizationRequest(client: ClientParts, clientId: string, fields: BodyFields): Promise<PushedRequest> {
  // What answers the callback and the id token later is in no error.
  const isSecret = ([name]: BodyFields[number]): boolean => name === "state" || name === "nonce";
  const request: EndpointRequest = {
    endpoint: "pushed_authorization_request_endpoint",
    fields: fields.filter((field) => !isSecret(field)),
    secrets: Object.fromEntries(fields.filter(isSecret)),
    namesClient: true,
    signal: undefined,
  };
  return askEndpoint(asClient(client, clientId), request, (answer) => {
    const read = readFields(answer.text) ?? {};
    if (answer.status < 200 || answer.status >= 300 || read["error"] !== undefined) throw failureOf(answer);
    const requestUri = textField(read, "request_uri");
    if (requestUri === undefined || requestUri.length > longestUri) {
      const message = `The pushed authorization endpoint ${answer.host} gave no request_uri.`;
      throw new TokenRequestError("unknown", message, { status: answer.status });
    }
    const given = Number(read["expires_in"]);
    const lifetime = Number.isFinite(given) && given > 0 ? Math.min(given, longestLifetime) : defaultLifetime;
    return { requestUri, expiresIn: lifetime * 1000 };
  });
}
