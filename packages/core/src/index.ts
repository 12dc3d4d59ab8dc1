export { createTokenCache, type TokenCacheOptions } from "./cache/create-token-cache.ts";
export type { Closable, ClosableTokenCache, LoginStatus, NamedTokenCache, TokenCache } from "./cache/token-cache.ts";
export { createTokenPool, type TokenPool, type TokenPoolOptions } from "./cache/token-pool.ts";
export { TokenSet, type TokenSetFields } from "./tokens/token-set.ts";
export { readTokenResponse, toTokenResponse } from "./tokens/token-response.ts";
export type { InitialTokens, ReadingOptions, TokenResponse } from "./tokens/token-response.ts";
export type { RefreshReason, SourceContext, TokenSource, Urgency } from "./tokens/token-source.ts";
export { wrapSource } from "./tokens/wrap-source.ts";
export type { FreshnessOptions } from "./tokens/freshness.ts";
export { createTokenEndpointQueue, type TokenEndpointQueue, type TokenEndpointQueueOptions } from "./endpoint/endpoint-queue.ts";

export { signalOf, storeKey, ttlOf } from "./store/store.ts";
export type { ChangeListener, DisposableStore, StoredEntry, StoreOptions, TokenStore, Version, WriteOptions } from "./store/store.ts";
export { memoryStore, type MemoryStore } from "./store/memory-store.ts";
export { ChangeListeners } from "./store/change-listeners.ts";
export { OpenWork } from "./store/open-work.ts";
export { encryptedStore, type EncryptedStore, type EncryptedStoreOptions, type EncryptionKey } from "./store/encrypted-store.ts";

export type { KeepAlive } from "./refresh/lifetime.ts";
export { consoleObserver, guarded, type Observer, type TokenEvent } from "./events.ts";
export { InvalidTokenResponseError } from "./errors/refresh-errors.ts";
export { TokenRequestError } from "./errors/token-request-error.ts";
export { InvalidOptionError, TokenflightError } from "./errors/tokenflight-error.ts";
export { LoginRequiredError, StoreError } from "./errors/refresh-errors.ts";
export type { TokenRequestErrorDetails, TokenRequestOutcome } from "./errors/token-request-error.ts";
export type { TokenflightErrorCode } from "./errors/tokenflight-error.ts";

// For adapters and token sources.
export { BearerPolicy } from "./request/bearer-policy.ts";
export type { AdapterEvent, BearerOptions, NotReplayedReason, TokenCacheSelector, WithoutTokenReason } from "./request/bearer-options.ts";
export type { CredentialFields } from "./request/credential-fields.ts";
export { isRefused, type ResponseFacts } from "./request/refusal/is-refused.ts";
export { looksIntoBodies, refusedBy, responseField } from "./request/refusal/refused-by.ts";
export { isAtSameOrigin, reasonNotToReplay, type Redirect } from "./request/refusal/replay.ts";
export { anotherThan, awaitToken, sendWithToken, type AwaitedToken, type OutgoingRequest } from "./request/send-with-token.ts";
export { canSendAgain, keepBody } from "./request/body.ts";
export { Drain, drain, readerOf } from "./request/drain.ts";
export { originsOfBase, pageUrl } from "./request/fetch/page.ts";
export { hideFields } from "./request/hidden-fields.ts";
export { bareTokenScheme, mayBeRedirected, tokenTypeScheme } from "./request/scheme.ts";
export { fieldsOf } from "./request/scheme-fields.ts";
export type { AuthorizationScheme, HeaderFields, SchemeRequest } from "./request/scheme.ts";
export { currentCaller, onBehalfOf } from "./refresh/callers.ts";
export { isAboutTheToken, readChallenges, type Challenge } from "./request/refusal/challenge.ts";
export { createOriginCheck, isLoopback, readInsecureOrigins, type OriginCheck } from "./request/origins.ts";
export { disposal } from "./platform/disposal.ts";
export { parseUrl } from "./platform/fallbacks.ts";
export { randomId } from "./platform/random-id.ts";
export { hasOwn } from "./platform/own.ts";
export type { WebCryptoKey } from "./platform/web-crypto.ts";
export { abortWith, anySignal, reasonOf, throwIfAborted } from "./platform/signals.ts";
export { recognise, shared } from "./platform/shared.ts";
export { kindOf, readOptions, requireMethods } from "./options.ts";
export {
  requireFunction,
  requireOneOf,
  requireSeconds,
  requireSignal,
  requireText,
  requireThat,
  requireTimeout,
  requireWebCrypto,
  requireWholeUrl,
} from "./options.ts";
export { longestDelay, systemClock, type Clock } from "./clock/clock.ts";
export { withDeadline } from "./clock/deadline.ts";
export { waitFor } from "./clock/waits.ts";
