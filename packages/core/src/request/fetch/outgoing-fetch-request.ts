import { canSendAgain, isBuffer, isShared, keepBody } from "../body.ts";
import { drain, readerOf } from "../drain.ts";
import { keepCall, signalOf, streamOf, type FetchCall } from "./fetch-call.ts";
import { copyHeaders, hasOwnCredentials } from "./fetch-headers.ts";
import { copyInit } from "./fetch-init.ts";
import { checkIntegrity } from "./integrity.ts";
import { isInBrowser } from "./page.ts";
import { parseUrl } from "../../platform/fallbacks.ts";
import { mostRedirects, networkError, nextHop, normalMethod, type Hop } from "./redirect-hops.ts";
import { asOneRequest, keepReferrer, withFields, withoutFields } from "./sent-parts.ts";
import { SpareBytes } from "./spare-bytes.ts";
import { ownOption } from "../../platform/own.ts";
import type { ResponseFacts } from "../refusal/is-refused.ts";
import type { Redirect } from "../refusal/replay.ts";
import { mayBeRedirected, type HeaderFields } from "../scheme.ts";
import type { OutgoingRequest } from "../send-with-token.ts";

/** In bytes. A body of this size comes with the header fields, and is not waited for. */
const shortBody = 1024;

/** One call of a fetch function. It keeps what it was called with, so that a replay is the same request whatever the caller did since. */
export class OutgoingFetchRequest implements OutgoingRequest<Response> {
  readonly url: string;
  readonly #parts: FetchCall;
  readonly #request: Request | undefined;
  /** A copy of the body that only a replay needs. */
  #spare: SpareBytes | undefined;
  /** The token's own fields, where they are among the headers. */
  #fields: HeaderFields | undefined;
  /** Whether the body is in the Request, which can be sent once: it is copied before that, and the copy is for the next time. */
  readonly #isBodyInRequest: boolean;
  #copy: Request | undefined;
  #bytes: ArrayBuffer | undefined;
  #wasSent = false;
  /** Where a redirect led first that was to another origin. */
  #elsewhere: string | undefined;

  constructor(parts: FetchCall) {
    const { request, init, url } = parts;
    this.#parts = parts;
    this.url = url;
    this.#request = request;
    // Firefox does not tell whether a Request has a body.
    this.#isBodyInRequest =
      request !== undefined && init.body == null && request.body !== null && !request.bodyUsed && mayHaveBody(request);
  }

  get method(): string {
    return normalMethod(this.#parts.init.method ?? this.#request?.method ?? "GET");
  }

  get signal(): AbortSignal | undefined {
    return signalOf(this.#parts);
  }

  get hasOwnCredentials(): boolean {
    return hasOwnCredentials(this.#parts.policy.credentials, this.#parts.headers);
  }

  get canSendAgain(): boolean {
    return canSendAgain(this.#parts.body);
  }

  /** Whether something must be released in the end. */
  get holdsBody(): boolean {
    return this.#isBodyInRequest || streamOf(this.#parts) !== undefined;
  }

  keep(): void {
    keepCall(this.#parts);
  }

  send(fields: HeaderFields | undefined): Promise<Response> {
    const { init: given, isKnown } = this.#parts;
    this.#wasSent = true;
    if (fields === undefined || this.#isElsewhereNow()) {
      const init = copyInit(given);
      if (this.#parts.isKept) this.#setKept(init, this.#parts.headers);
      return this.#call(this.#request ?? this.url, init);
    }
    const redirect = given.redirect ?? this.#request?.redirect ?? "follow";
    const isSafe = redirect !== "follow" || (isKnown && mayBeRedirected(fields));
    const follows = !isSafe && !isInBrowser();
    const headers = this.#headersWith(fields, follows);
    // What only reads its init may be given ours, with other headers each time.
    const init = isKnown && isSafe && this.#request === undefined ? given : copyInit(given);
    this.#setKept(init, follows ? copyHeaders(headers) : headers);
    if (follows || !(isSafe || mayBeRedirected(fields))) init.redirect = "manual";
    if (follows && this.#integrity) init.integrity = "";
    const response = this.#call(this.#next(follows), init);
    if (!follows) return response;
    const hasBody = this.#isBodyInRequest || (isStream(this.#parts.body) ? "once" : this.#parts.body != null);
    return this.#follow(response, { url: this.url, method: this.method, headers, hasBody }, Object.keys(fields));
  }

  get #integrity(): string | undefined {
    return this.#parts.init.integrity ?? this.#request?.integrity;
  }

  /** Whether the caller's own Request, of a class that allows it, was led elsewhere since: what is sent then has no token. */
  #isElsewhereNow(): boolean {
    const source = this.#copy ?? this.#request;
    if (source === undefined || source.url === this.#parts.asked) return false;
    this.#elsewhere = source.url;
    return true;
  }

  /** Keeps what the next time needs. The headers that the platform's own function was given are as good as a copy: it only reads them. */
  #headersWith(fields: HeaderFields, follows: boolean): HeadersInit {
    const { policy, isKnown } = this.#parts;
    const isForOnce = !policy.wantsReplay && !follows;
    if (isForOnce || this.#parts.isKept || !isKnown) {
      if (!isForOnce) this.keep();
      this.#takeSpare();
      const given =
        this.#fields === undefined
          ? this.#parts.headers
          : withoutFields(this.#parts.headers as HeadersInit, new Set(Object.keys(this.#fields)));
      this.#fields = undefined;
      return withFields(given, fields, policy.credentials);
    }
    this.#parts.isKept = true;
    if (isBytes(this.#parts.body)) this.#spare = new SpareBytes(this.#parts.body);
    else this.#parts.body = keepBody(this.#parts.body);
    if (this.#parts.headers === undefined) return { ...fields };
    this.#fields = fields;
    return (this.#parts.headers = withFields(this.#parts.headers, fields, policy.credentials));
  }

  /** For the second time, and a redirect that is followed here. */
  #takeSpare(): void {
    if (this.#spare === undefined) return;
    this.#parts.body = this.#spare.take();
    this.#spare = undefined;
  }

  settle(response: Response): Response {
    this.#spare?.free();
    return response;
  }

  #setKept(init: RequestInit, headers: HeadersInit | undefined): void {
    if (headers !== undefined) init.headers = headers;
    if (this.#parts.isKept && init.body != null) init.body = this.#bodyToGive();
    if (this.#request !== undefined) keepReferrer(init, this.#request, this.#parts.init);
  }

  /** The kept body. A function that is not known may change what it is given. */
  #bodyToGive(): BodyInit {
    return (this.#parts.isKnown ? this.#parts.body : keepBody(this.#parts.body)) as BodyInit;
  }

  /** What to send the next time. */
  #next(isAgain: boolean): string | Request {
    const request = this.#request;
    if (request === undefined) return this.url;
    const source = this.#copy ?? request;
    const isWanted = this.#isBodyInRequest && (isAgain || (this.#parts.policy.wantsReplay && source === request));
    this.#copy = isWanted ? source.clone() : undefined;
    return source;
  }

  #call(input: string | Request, init: RequestInit): Promise<Response> {
    // Called without a receiver: a browser's own fetch accepts no other object as `this`.
    const { fetch, isKnown } = this.#parts;
    const whole = typeof input === "string" || isKnown || init.headers === undefined ? undefined : asOneRequest(input, input, init);
    return whole === undefined ? fetch(input, init) : fetch(...whole);
  }

  /** Follows redirects, and leaves the fields of the token behind at another origin. */
  async #follow(first: Promise<Response>, start: Hop, secret: readonly string[]): Promise<Response> {
    const { fetch, init: given } = this.#parts;
    const { origin } = new URL(this.url);
    let response = await first;
    let hop: Hop = start;
    // An option of node-fetch's, and a property of its Requests.
    const follow =
      ownOption(given as WithFollow, "follow") ?? ownOption(this.#request as WithFollow | undefined, "follow") ?? mostRedirects;
    this.#elsewhere = undefined;
    for (let count = 0; ; count += 1) {
      const next = nextHop(hop, response, secret);
      if (next === undefined) {
        if (this.#integrity) await checkIntegrity(response, this.#integrity);
        return count === 0 ? response : markRedirected(response);
      }
      if (!(count < follow)) throw networkError("too many redirects");
      this.discard(response).catch(() => {});
      if (new URL(next.url).origin !== origin) this.#elsewhere ??= next.url;
      const { url, method, headers } = next;
      const init: RequestInit = Object.assign(copyInit(given), { method, redirect: "manual", signal: this.signal ?? null });
      init.headers = copyHeaders(headers) as HeadersInit;
      if (this.#integrity) init.integrity = "";
      if (this.#request !== undefined) init.credentials ??= this.#request.credentials;
      if (next.hasBody) init.body = await this.#bodyAgain();
      else delete init.body;
      // A function that was called with a Request may know nothing else.
      const whole = this.#request === undefined ? undefined : asOneRequest(this.#request, url, init);
      response = await (whole === undefined ? fetch(url, init) : fetch(...whole));
      hop = next;
    }
  }

  async #bodyAgain(): Promise<BodyInit> {
    this.#takeSpare();
    if (!this.canSendAgain) throw networkError("a redirect of a body that can be read once");
    if (!this.#isBodyInRequest) return this.#bodyToGive();
    if (this.#bytes === undefined) {
      const source = this.#copy;
      if (source === undefined) throw networkError("a redirect of a body that was sent");
      this.#copy = this.#parts.policy.wantsReplay ? source.clone() : undefined;
      this.#bytes = await source.arrayBuffer();
    }
    return this.#bytes;
  }

  facts(response: Response): ResponseFacts {
    // The caller's own fetch function may give something that is only like a response. What is no 401 is passed on as it is.
    const status = response?.status;
    return { status, challenge: status === 401 ? response.headers?.get?.("www-authenticate") : undefined };
  }

  redirect({ redirected, url }: Partial<Response>): Redirect {
    if (this.#elsewhere !== undefined) return { redirected: true, url: this.#elsewhere };
    // A fetch over XMLHttpRequest, as that of React Native, says where the answer is from, and not whether it was redirected.
    return { redirected: redirected ?? (isSameUrl(url, this.url) ? false : undefined), url };
  }

  /** A longer body flows into memory, within the bounds of `Drain`: a dispatcher with few connections has none for the token request otherwise. */
  makeWay(response: Response): void {
    try {
      const length = response.headers.get("content-length");
      const { body } = response;
      if (body === null || !("getReader" in body) || Number(length ?? Infinity) <= shortBody) return;
      const reader = readerOf(response.clone().body);
      if (reader !== undefined) void drain(reader, length);
    } catch {
      // What is only like a response, or was read already, has nothing to make way with.
    }
  }

  async discard({ body, headers }: Response): Promise<void> {
    const reader = readerOf(body);
    if (reader !== undefined) await drain(reader, headers.get("content-length"));
  }

  release(): void {
    // The copy that was not needed would keep the body in memory.
    cancel(this.#copy?.body);
    // A fetch that fails, be it for want of a token, leaves no stream open.
    if (!this.#wasSent) cancel(streamOf(this.#parts));
  }
}

type WithFollow = { readonly follow?: number };

/** Whether it is the platform's, one of Node's, or an iterator that fetch makes one of. */
function isStream(body: RequestInit["body"]): boolean {
  return Symbol.asyncIterator in Object(body);
}

/** Of shared memory no fetch makes bytes. */
function isBytes(body: RequestInit["body"]): body is ArrayBufferView<ArrayBuffer> | ArrayBuffer {
  if (typeof body !== "object" || body === null) return false;
  return ArrayBuffer.isView(body) ? !isShared(body.buffer) : isBuffer(body) && !isShared(body);
}

function isSameUrl(one: string | undefined, other: string): boolean {
  const href = (url: string): string | undefined => parseUrl(url)?.href.replace(/#.*$/, "");
  return one !== undefined && href(one) === href(other);
}

function mayHaveBody({ method }: Request): boolean {
  return method !== "GET" && method !== "HEAD";
}

/** A body of the platform's fetch, or of one over Node's streams. */
type AnyBody = ReadableStream<Uint8Array> | (AsyncIterable<Uint8Array> & { destroy(): void });

function cancel(body: AnyBody | null | undefined): void {
  if (body == null) return;
  if ("getReader" in body) body.cancel().catch(() => {});
  else body.destroy();
}

/** A response that came after a redirect says so, as fetch's own does, and so do its clones. */
function markRedirected(response: Response): Response {
  try {
    const clone = response.clone.bind(response);
    return Object.defineProperties(response, {
      redirected: { value: true, configurable: true },
      clone: { value: () => markRedirected(clone()), configurable: true, writable: true },
    });
  } catch {
    return response;
  }
}
