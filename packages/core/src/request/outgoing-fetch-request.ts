import { ownOnly } from "../platform/own.ts";
import type { Redirect, ResponseFacts } from "./bearer-policy.ts";
import { canSendAgain } from "./body.ts";
import { drain } from "./drain.ts";
import { withFields } from "./fetch-headers.ts";
import { mayBeRedirected, type HeaderFields } from "./scheme.ts";
import type { OutgoingRequest } from "./send-with-token.ts";

export type FetchFunction = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** One call of a fetch function. It keeps what it was called with, so that a replay is the same request whatever the caller did since. */
export class OutgoingFetchRequest implements OutgoingRequest<Response> {
  readonly url: string;
  /** Whether the body is in the Request object, which can be sent once: it is copied before that, and the copy is for the replay. */
  readonly #needsCopy: boolean;
  readonly #fetch: FetchFunction;
  readonly #input: string | Request;
  readonly #init: RequestInit;
  #copy: Request | undefined;
  #sent = false;

  constructor(fetch: FetchFunction, input: string | Request, init: RequestInit | undefined, url: string, wantsReplay: boolean) {
    this.#fetch = fetch;
    this.#input = input;
    this.#init = membersOf(init);
    this.url = url;
    this.#needsCopy = wantsReplay && this.#init.body == null && typeof input === "object" && input.body != null && !input.bodyUsed;
  }

  /** Whether something must be released in the end. */
  get keepsBody(): boolean {
    return this.#needsCopy || this.#stream !== undefined;
  }

  get canSendAgain(): boolean {
    return canSendAgain(this.#init.body);
  }

  get method(): string {
    return this.#init.method ?? this.#request?.method ?? "GET";
  }

  get signal(): AbortSignal | undefined {
    // Null takes away the signal of the Request.
    const { signal = this.#request?.signal } = this.#init;
    return signal ?? undefined;
  }

  get #stream(): ReadableStream | undefined {
    const { body } = this.#init;
    return typeof body === "object" && body !== null && "getReader" in body ? body : undefined;
  }

  get #request(): Request | undefined {
    return typeof this.#input === "object" ? this.#input : undefined;
  }

  send(fields: HeaderFields): Promise<Response> {
    const headers = withFields(this.#init.headers ?? this.#request?.headers, fields);
    // Called without a receiver: a browser's own fetch accepts no other object as `this`.
    const fetch = this.#fetch;
    this.#sent = true;
    const init: RequestInit = ownOnly({ ...this.#init, headers });
    if (!mayBeRedirected(fields) && (init.redirect ?? this.#request?.redirect) !== "error") init.redirect = "manual";
    return fetch(this.#next(), init);
  }

  #next(): string | Request {
    const input = this.#copy ?? this.#input;
    this.#copy = this.#needsCopy && input === this.#input ? this.#request?.clone() : undefined;
    return input;
  }

  facts(response: Response): ResponseFacts {
    // The caller's own fetch function may give something that is only like a response. What is no 401 is passed on as it is.
    const status = response?.status;
    return { status, challenge: status === 401 ? response.headers?.get?.("www-authenticate") : undefined };
  }

  redirect({ redirected, url }: Response): Redirect {
    return { redirected, url };
  }

  async discard({ body, headers }: Response): Promise<void> {
    if (body) await drain(body.getReader(), headers.get("content-length"));
  }

  release(): void {
    // The copy that was not needed would keep the body in memory.
    this.#copy?.body?.cancel().catch(() => {});
    // A fetch that fails, be it for want of a token, leaves no stream open.
    if (!this.#sent) this.#stream?.cancel().catch(() => {});
  }
}

const memberNames =
  "method headers body mode credentials cache redirect referrer referrerPolicy integrity keepalive signal duplex priority dispatcher";

/** A copy of an init. fetch reads the members of a class instance, such as a Request, wherever they come from; a spread does not. */
export function membersOf(init: RequestInit | undefined): RequestInit {
  const copy: Record<string, unknown> = ownOnly({ ...init });
  const prototype: unknown = init == null ? null : Object.getPrototypeOf(init);
  if (prototype === Object.prototype || prototype === null) return copy;
  for (const name of memberNames.split(" ")) if (name in (init as object)) copy[name] = (init as Record<string, unknown>)[name];
  return copy;
}
