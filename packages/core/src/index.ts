export { createTokenCache, type TokenCacheOptions } from "./cache/create-token-cache.ts";
export type { TokenCache } from "./cache/token-cache.ts";
export { createTokenPool, type TokenPool, type TokenPoolOptions } from "./cache/token-pool.ts";
export { TokenSet, type TokenSetFields } from "./tokens/token-set.ts";
export { readTokenResponse, toTokenResponse, type TokenResponse } from "./tokens/token-response.ts";
export type { RefreshReason, SourceContext, TokenSource, Urgency } from "./tokens/token-source.ts";
export type { FreshnessOptions } from "./tokens/freshness.ts";
export { createTokenEndpointQueue, type TokenEndpointQueue, type TokenEndpointQueueOptions } from "./endpoint/endpoint-queue.ts";

export type { StoredEntry, TokenStore, Version } from "./store/store.ts";
export { storeKey } from "./refresh/store-cell.ts";
export { memoryStore } from "./store/memory-store.ts";
export { encryptedStore, type EncryptedStoreOptions, type EncryptionKey } from "./store/encrypted-store.ts";

export type { Observer, TokenEvent } from "./events.ts";
export {
  InvalidOptionError,
  InvalidTokenResponseError,
  LoginRequiredError,
  StoreError,
  TokenflightError,
  TokenRequestError,
  type TokenflightErrorCode,
  type TokenRequestErrorDetails,
  type TokenRequestOutcome,
} from "./errors.ts";

// For adapters and token sources.
export { Attachment, isAnsweredInPlace, type BearerOptions, type ResponseFacts, type Tokens } from "./request/attachment.ts";
export { carry, type Carriage } from "./request/send-with-token.ts";
export { canReadAgain } from "./request/body.ts";
export {
  bareTokenScheme,
  mayBeRedirected,
  tokenTypeScheme,
  type AuthorizationScheme,
  type HeaderFields,
  type SchemeRequest,
} from "./request/scheme.ts";
export { isAboutTheToken, readChallenges, type Challenge } from "./request/challenge.ts";
export { createOriginCheck, type OriginCheck } from "./request/origins.ts";
export { kindOf, readOptions, requireFunction, requireOneOf, requireSeconds, requireText } from "./options.ts";
export { waitFor } from "./wait.ts";
export { systemClock, type Clock } from "./clock.ts";
