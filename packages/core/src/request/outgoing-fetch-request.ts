import type { ResponseFacts } from "./attachment.ts";
import { canReadAgain } from "./body.ts";
import type { Carriage } from "./send-with-token.ts";
import { withFields } from "./fetch-headers.ts";
import { discardBody } from "./drain.ts";
import { mayBeRedirected, type HeaderFields } from "./scheme.ts";

export type FetchFunction = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** One call of a fetch function. It keeps what it was called with, so that a replay is the same request whatever the caller did since. */
export class FetchCarriage implements Carriage<Response> {
  readonly url: string;
  readonly canResend: boolean;
  /** Whether the body lives in the Request object, which can be sent once: it is copied before that, and the copy is for the replay. */
  readonly #needsCopy: boolean;
  readonly #fetch: FetchFunction;
  readonly #input: string | Request;
  readonly #init: RequestInit;
  #copy: Request | undefined;
  #sent = false;

  constructor(fetch: FetchFunction, input: string | Request, init: RequestInit | undefined, url: string, mayReplay: boolean) {
    this.#fetch = fetch;
    this.#input = input;
    this.#init = membersOf(init);
    this.url = url;
    this.canResend = !isOneShot(this.#init.body);
    this.#needsCopy = mayReplay && this.#init.body == null && typeof input === "object" && input.body != null && !input.bodyUsed;
  }

  /** Whether something must be released in the end. */
  get holdsBody(): boolean {
    return this.#needsCopy || !this.canResend;
  }

  get method(): string {
    return this.#init.method ?? this.#request?.method ?? "GET";
  }

  get signal(): AbortSignal | undefined {
    // Null takes away the signal of the Request.
    const { signal } = this.#init;
    return (signal === undefined ? this.#request?.signal : signal) ?? undefined;
  }

  get #request(): Request | undefined {
    return typeof this.#input === "object" ? this.#input : undefined;
  }

  send(fields: HeaderFields): Promise<Response> {
    const headers = withFields(this.#init.headers ?? this.#request?.headers, fields);
    // Called without a receiver: a browser's own fetch accepts no other object as `this`.
    const fetch = this.#fetch;
    this.#sent = true;
    const init: RequestInit = { ...this.#init, headers };
    if (!mayBeRedirected(fields) && (init.redirect ?? this.#request?.redirect) !== "error") init.redirect = "manual";
    return fetch(this.#next(), init);
  }

  #next(): string | Request {
    const input = this.#copy ?? this.#input;
    this.#copy = this.#needsCopy && input === this.#input ? this.#request?.clone() : undefined;
    return input;
  }

  facts(response: Response): ResponseFacts {
    // The caller's own fetch function may give something that is only like a response, and what is no 401 is none of our business.
    const status = response?.status;
    return { status, challenge: status === 401 ? response.headers?.get?.("www-authenticate") : undefined };
  }

  redirect({ redirected, url }: Response): { redirected: boolean | undefined; url: string | undefined } {
    return { redirected, url };
  }

  discard(response: Response): Promise<void> {
    return discardBody(response);
  }

  release(): void {
    // The copy that was not needed would keep the body in memory.
    this.#copy?.body?.cancel().catch(() => {});
    // A fetch that fails, be it for want of a token, leaves no stream open.
    if (!this.#sent && this.#init.body instanceof ReadableStream) this.#init.body.cancel().catch(() => {});
  }
}

const memberNames =
  "method headers body mode credentials cache redirect referrer referrerPolicy integrity keepalive signal duplex priority dispatcher";

/** A copy of an init. fetch reads the members of a class instance, such as a Request, wherever they come from; a spread does not. */
function membersOf(init: RequestInit | undefined): RequestInit {
  const copy: Record<string, unknown> = { ...init };
  const prototype: unknown = init == null ? null : Object.getPrototypeOf(init);
  if (prototype === Object.prototype || prototype === null) return copy;
  for (const name of memberNames.split(" ")) if (name in (init as object)) copy[name] = (init as Record<string, unknown>)[name];
  return copy;
}

/** What fetch reads piece by piece may give its pieces only once, and nothing tells from outside whether it does. */
function isOneShot(body: unknown): boolean {
  return !canReadAgain(body) || (typeof body === "object" && body !== null && (Symbol.asyncIterator in body || "getReader" in body));
}
