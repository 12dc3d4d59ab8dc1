export { createTokenCache, type TokenCacheOptions } from "./create-token-cache.ts";
export type { TokenCache } from "./token-cache.ts";
export { createTokenPool, type TokenPool, type TokenPoolOptions } from "./token-pool.ts";
export { TokenSet, type TokenSetFields } from "./token-set.ts";
export { readTokenResponse, toTokenResponse, type TokenResponse } from "./token-response.ts";
export type { RefreshReason, SourceContext, TokenSource, Urgency } from "./token-source.ts";
export type { FreshnessOptions } from "./freshness.ts";
export { createTokenEndpointQueue, type TokenEndpointQueue, type TokenEndpointQueueOptions } from "./endpoint-queue.ts";

export type { StoredEntry, TokenStore, Version } from "./store.ts";
export { storeKey } from "./store-cell.ts";
export { memoryStore } from "./memory-store.ts";
export { encryptedStore, type EncryptedStoreOptions, type EncryptionKey } from "./encrypted-store.ts";

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
export { Attachment, isAnsweredInPlace, type BearerOptions, type ResponseFacts, type Tokens } from "./attachment.ts";
export { carry, type Carriage } from "./carry.ts";
export { canReadAgain } from "./body.ts";
export {
  bareTokenScheme,
  mayBeRedirected,
  tokenTypeScheme,
  type AuthorizationScheme,
  type HeaderFields,
  type SchemeRequest,
} from "./scheme.ts";
export { isAboutTheToken, readChallenges, type Challenge } from "./challenge.ts";
export { createOriginCheck, type OriginCheck } from "./origins.ts";
export { kindOf, readOptions, requireFunction, requireOneOf, requireSeconds, requireText } from "./options.ts";
export { waitFor } from "./wait.ts";
export { systemClock, type Clock } from "./clock.ts";
