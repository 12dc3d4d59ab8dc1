import { asOneRequest, membersOf, type FetchFunction } from "@tokenflight/core/fetch";
import type { Grant } from "../names.ts";
import type { RefreshBody } from "./refresh-body.ts";

/** A call of a fetch function, as it was made: what can change of it was copied. */
export interface FetchedCall {
  readonly url: string;
  /** Of the URL. */
  readonly query: string;
  /** Undefined for a call with a URL. */
  readonly request: Request | undefined;
  /** Without a signal. */
  readonly init: RequestInit;
  readonly headers: NonNullable<RequestInit["headers"]>;
  /** The values of the header fields among them that authenticate the client. */
  readonly authentication: readonly (string | undefined)[];
}

/** Fields that say who asks, and with what, not for what (RFC 6749 sections 2.3.1 and 6, RFC 7523), and what some clients tell of themselves. */
const asker = /^(?:grant_type|refresh_token|access_token|redirect_uri|client_.*|x-.*)$/i;

/** A call that is a refresh. */
export class RefreshCall {
  readonly grant: Grant;
  /** What it asks for: the answer to another one may be of no use to it. */
  readonly purpose: string;
  /** What authenticates its client. */
  readonly credentials: string;
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
    this.purpose = purposeOf(body, call.query);
    this.credentials = credentialsOf(body, call.authentication);
  }

  /** Sends it, with this refresh token in the place of its own. No signal of the caller's ends it. */
  send(refreshToken: string, signal: AbortSignal): Promise<Response> {
    const { url, request, init } = this.#call;
    const body = this.#body.withRefreshToken(refreshToken);
    const sent = Object.assign(membersOf(init), { method: "POST", headers: this.#headers(refreshToken), body, signal });
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

/** A server may know more such fields than scope and resource: an organization, a tenant, a policy. Whatever is not known to say nothing does. */
function purposeOf({ fields }: RefreshBody, query: string): string {
  const asked = fields
    .map(([name, value]) => [name, name === "scope" ? sorted(value) : value] as const)
    // What is empty counts as left out (RFC 6749 section 3.2).
    .filter(([name, value]) => value !== "" && !asker.test(name));
  if (asked.length === 0 && query === "") return "";
  return JSON.stringify([query, ...asked.map((field) => JSON.stringify(field)).sort()]);
}

function credentialsOf(body: RefreshBody, authentication: FetchedCall["authentication"]): string {
  return JSON.stringify([body.values("client_secret"), body.values("client_assertion"), authentication]);
}

/** The order of scopes says nothing. */
function sorted(scope: string): string {
  const scopes = scope.split(" ").filter((one) => one !== "");
  return scopes.sort().join(" ");
}
