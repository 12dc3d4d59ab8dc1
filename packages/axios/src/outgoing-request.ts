import { canSendAgain, drain, hideFields, mayBeRedirected, readerOf, responseField } from "@tokenflight/core";
import type { BearerPolicy, HeaderFields, OutgoingRequest, Redirect, ResponseFacts } from "@tokenflight/core";
import { isInBrowser, isKnownFetch } from "@tokenflight/core/fetch";
import type { AxiosResponse, InternalAxiosRequestConfig } from "axios";
import type { Transport } from "./adapter-wrapper.ts";
import { keepOutOfCache } from "./cache-above.ts";
import { CallerLimits } from "./caller-limits.ts";
import { cleanError } from "./clean-error.ts";
import { KeptBody } from "./bodies/kept-body.ts";
import { readAhead } from "./bodies/read-ahead.ts";
import type { OwnCopy } from "./own-copy.ts";
import { privateConfig, showHeaders, spelledForAxios, takeOff } from "./private-config.ts";
import { isKnownEnv, recordingEnv } from "./redirects/recording-fetch.ts";
import type { RedirectGuards } from "./redirects/redirect-guard.ts";
import { onPage, redirectOf, targetOf } from "./target.ts";
import { Verdict } from "./verdict.ts";

/** What all requests of an attached instance have in common. */
export interface Attachment {
  readonly policy: BearerPolicy<InternalAxiosRequestConfig, AxiosResponse>;
  readonly copy: OwnCopy;
  readonly guards: RedirectGuards;
  /** Whether the caller's own predicate may find a refusal in any response. */
  readonly refusesAny: boolean;
}

const none: HeaderFields = Object.freeze({});

/** One axios request, sent by the adapter that it would have had without us. */
export class OutgoingAxiosRequest implements OutgoingRequest<AxiosResponse> {
  readonly #attachment: Attachment;
  readonly #transport: Transport;
  readonly #config: InternalAxiosRequestConfig;
  readonly #limits: CallerLimits | undefined;
  readonly #verdict: Verdict | undefined;
  #body: KeptBody | undefined;
  readonly #params: URLSearchParams | undefined;
  /** What is sent: a private copy of the config as it was at the call. */
  #sent: InternalAxiosRequestConfig;
  /** The one that takes no token to another origin. */
  #guarded: InternalAxiosRequestConfig | undefined;
  /** Our fields in it. */
  #fields = none;
  #isSent = false;

  /** `isForOnce`: nothing is sent a second time. */
  constructor(attachment: Attachment, transport: Transport, config: InternalAxiosRequestConfig, isForOnce: boolean) {
    this.#attachment = attachment;
    this.#transport = transport;
    this.#config = config;
    this.#limits = config.timeout || config.signal || config.cancelToken ? new CallerLimits(config, transport.kind === "fetch") : undefined;
    this.#verdict = config.validateStatus ? new Verdict(config.validateStatus, attachment.refusesAny) : undefined;
    this.#body = isForOnce || config.data === undefined ? undefined : keptBody(transport, config);
    this.#params = config.params instanceof URLSearchParams ? new URLSearchParams(config.params) : undefined;
    this.#sent = this.#copied();
  }

  get method(): string {
    return this.#sent.method ?? "get";
  }

  get url(): string {
    return onPage(this.#attachment.copy.urlOf(this.#sent));
  }

  get signal(): AbortSignal | undefined {
    return this.#limits?.signal;
  }

  get hasOwnCredentials(): boolean {
    return this.#attachment.policy.credentials.areOwn(this.#sent.headers);
  }

  get canSendAgain(): boolean {
    return this.#body?.canSendAgain ?? true;
  }

  keep(): void {
    if (this.#config.data === undefined) return;
    this.#body ??= keptBody(this.#transport, this.#config);
    this.#body.putOn(this.#sent, false);
  }

  send(fields: HeaderFields | undefined): Promise<AxiosResponse> {
    const sent = this.#isSent ? this.#copyForReplay() : this.#sent;
    this.#isSent = true;
    if (fields !== undefined) this.#putOn(sent, fields);
    const timeLeft = this.#limits?.timeLeft;
    if (timeLeft !== undefined) sent.timeout = timeLeft;
    return this.#transport.send(sent) as Promise<AxiosResponse>;
  }

  /** An adapter that is no function of axios may have changed anything in its config. axios's own leave the boundary of a form in the headers. */
  #copyForReplay(): InternalAxiosRequestConfig {
    this.#verdict?.takeAny();
    if (this.#transport.kind === "own") this.#sent = this.#copied();
    else takeOff(this.#sent, this.#fields);
    this.#body?.putOn(this.#sent, true);
    return this.#sent;
  }

  #copied(): InternalAxiosRequestConfig {
    const copy = privateConfig(this.#config, this.#transport.kind !== "own");
    if (this.#verdict !== undefined) copy.validateStatus = this.#verdict.validateStatus;
    if (this.#params !== undefined) copy.params = this.#params;
    this.#body?.putOn(copy, false);
    const { kind } = this.#transport;
    // An adapter of the caller's own may be made of axios's.
    if (kind === "fetch" || kind === "own") copy.env = recordingEnv(copy.env);
    return copy;
  }

  #putOn(sent: InternalAxiosRequestConfig, fields: HeaderFields): void {
    const { credentials } = this.#attachment.policy;
    if (credentials.hasPlaceholder) {
      for (const [name, value] of Object.entries(sent.headers)) if (credentials.isPlaceholder(name, value)) delete sent.headers[name];
    }
    this.#fields = spelledForAxios(fields);
    Object.assign(sent.headers, this.#fields);
    // Until lately axios's fetch adapter followed redirects whatever maxRedirects said.
    if (!mayBeRedirected(fields)) Object.assign(sent, { maxRedirects: 0, fetchOptions: { ...sent.fetchOptions, redirect: "manual" } });
    else if (sent !== this.#guarded) this.#guard(sent);
  }

  /** No redirect takes the token to another origin. An adapter of the caller's own may be made of either of axios's. */
  #guard(sent: InternalAxiosRequestConfig): void {
    this.#guarded = sent;
    const { kind } = this.#transport;
    if (kind === "http" || kind === "own") this.#attachment.guards.putOn(sent, onPage(targetOf(sent)));
    if ((kind === "fetch" || kind === "own") && !isKnownEnv(sent.env)) this.#followHere(sent);
  }

  /** Redirects of axios's fetch adapter, where the function beneath may take the token along. */
  #followHere(sent: InternalAxiosRequestConfig): void {
    const { redirect = "follow" } = sent.fetchOptions ?? {};
    if (redirect !== "follow" || isInBrowser()) return;
    if (sent.maxRedirects !== 0) sent.env = recordingEnv(sent.env, canSendAgain(sent.data) ? "following" : "followingOnce");
    // Before axios 1.12 `env` is not looked at, and the redirect is the caller's.
    if (sent.maxRedirects === 0 || !isKnownFetch(globalThis.fetch)) sent.fetchOptions = { ...sent.fetchOptions, redirect: "manual" };
  }

  /** What the caller's predicate sees next shows no token. */
  facts(response: AxiosResponse): ResponseFacts {
    response.config = this.#config;
    hideFields(response.request, this.#fields);
    const { status, headers } = response;
    return { status, challenge: status === 401 ? responseField(headers, "www-authenticate") : undefined };
  }

  redirect({ request }: AxiosResponse<unknown>): Redirect {
    return redirectOf(request, this.#transport.kind === "fetch", () => this.url);
  }

  /** A streamed body is read by nobody yet, and may hold the connection that the token request needs. */
  makeWay(response: AxiosResponse): void {
    response.data = readAhead(response.data);
  }

  /** Only a streamed body is still unread. axios has read every other one to its end. */
  async discard({ data, headers }: AxiosResponse<unknown>): Promise<void> {
    const reader = readerOf(data);
    if (reader !== undefined) await drain(reader, responseField(headers, "content-length"));
  }

  /** The response that the caller gets, or the error about it, if that is what `validateStatus` wants. */
  settle(response: AxiosResponse): AxiosResponse | Promise<never> {
    this.#end();
    response.config = this.#config;
    keepOutOfCache(this.#config, () => responseField(response.headers, "vary"), this.#fields);
    return this.#verdict?.settle(response, this.#config, this.#attachment.copy) ?? response;
  }

  /** Rejects with what the adapter or the token cache rejected with. */
  fail(error: unknown): never | Promise<never> {
    this.#end();
    if (this.#isSent) cleanError(error, this.#config, this.#sent, this.#fields);
    if (this.#limits?.isReached(error)) return this.#limits.error(this.#attachment.copy).then(rejectWith);
    throw error;
  }

  #end(): void {
    this.#limits?.release();
    if (this.#isSent) showHeaders(this.#config, this.#sent, this.#fields);
  }
}

/** A function of the caller's own may change what it sends: an adapter, a transport, a fetch function. */
function keptBody({ kind }: Transport, { data, env, transport }: InternalAxiosRequestConfig): KeptBody {
  const isGivenAway = kind === "own" || Boolean(transport) || (kind === "fetch" && !isKnownEnv(env));
  return new KeptBody(data, kind, isGivenAway);
}

function rejectWith(error: Error): never {
  throw error;
}
