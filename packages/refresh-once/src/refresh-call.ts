import { asOneRequest, type FetchFunction } from "@tokenflight/core/fetch";
import type { Grant } from "./names.ts";
import type { RefreshBody } from "./refresh-body.ts";

/** A call of a fetch function, as it was made: what can change of it was copied. */
export interface FetchedCall {
  readonly url: string;
  /** Undefined for a call with a URL. */
  readonly request: Request | undefined;
  /** Without a signal. */
  readonly init: RequestInit;
  readonly headers: NonNullable<RequestInit["headers"]>;
}

/** What decides which tokens an answer has, beside the refresh token (RFC 6749 section 6, RFC 8707, RFC 9396). */
const purposeFields = ["scope", "resource", "audience", "authorization_details"];

/** A call that is a refresh. */
export class RefreshCall {
  readonly grant: Grant;
  /** What it asks for: the answer to another one may be of no use to it. */
  readonly purpose: string;
  /** The caller's, which ends its wait. */
  readonly signal: AbortSignal | undefined;
  readonly #fetch: FetchFunction;
  readonly #call: FetchedCall;
  readonly #body: RefreshBody;

  constructor(fetch: FetchFunction, call: FetchedCall, body: RefreshBody, grant: Grant, signal: AbortSignal | undefined) {
    this.grant = grant;
    this.signal = signal;
    this.#fetch = fetch;
    this.#call = call;
    this.#body = body;
    const asked = purposeFields.map((name) => body.values(name));
    // The order of scopes says nothing.
    asked[0] = asked[0]?.flatMap((scope) => scope.split(" ").filter((one) => one !== "")) ?? [];
    this.purpose = asked.some((values) => values.length > 0) ? JSON.stringify(asked.map((values) => [...values].sort())) : "";
  }

  /** Sends it, with this refresh token in the place of its own. No signal of the caller's ends it. */
  send(refreshToken: string, signal: AbortSignal): Promise<Response> {
    const { url, request, init } = this.#call;
    const body = this.#body.with(refreshToken);
    const sent: RequestInit = { ...init, method: "POST", headers: this.#headers(refreshToken), body, signal };
    if (request === undefined) return this.#fetch(url, sent);
    // A function that was called with a Request may know nothing else.
    return this.#fetch(...(asOneRequest(request, request, sent) ?? [request, sent]));
  }

  /** What described the body says nothing of another one. */
  #headers(refreshToken: string): FetchedCall["headers"] {
    if (refreshToken === this.grant.refreshToken) return this.#call.headers;
    const headers = new Headers(this.#call.headers);
    headers.delete("content-length");
    if (/^multipart\//i.test(headers.get("content-type") ?? "")) headers.delete("content-type");
    return headers;
  }
}
