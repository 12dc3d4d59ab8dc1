import type { AuthorizationScheme, FreshnessOptions } from "@tokenflight/core";
import type { ClientAuth } from "../client-parts.ts";
import type { OAuthClientOptions } from "../client/client-options.ts";
import type { AskFor } from "./ask-for.ts";
import type { ProviderSource } from "./provider-source.ts";

/** How one provider's authorization server behaves, as data. Everything but the name may be left out; the default is the cautious assumption. */
export interface ProviderProfile {
  /** How the provider is called in messages. */
  name: string;
  /** Whether a refresh gives a new refresh token. Default "always". "configurable" is treated like it. */
  rotation?: "always" | "configurable" | "never" | undefined;
  /**
   * Seconds for which a refresh token still works after its first use, so that a request whose outcome is unknown can be repeated.
   * `Infinity` means for ever. Default 0: it works once.
   */
  grace?: number | undefined;
  /** How many seconds before the end of an access token the server refreshes it at the earliest; none is sent sooner. Default: at any time. */
  earliestRefresh?: number | undefined;
  /** What a refresh does to the access token before it. One that "dies" is not refreshed ahead, but used up to its end. Default "lives". */
  oldAccessToken?: "lives" | "dies" | undefined;
  /** Seconds that an access token lives, where the token response does not say. Default: unknown. */
  lifetime?: number | undefined;
  /** How client id and secret are written for Basic. Default "rfc6749". */
  basicEncoding?: "raw" | "rfc6749" | undefined;
  /** How the token is written in the Authorization header: after its type, or alone. Default "token-type". */
  header?: "token-type" | "bare" | undefined;
  /** Whether a 401 of the API means that another token is needed. Default true. */
  refusalMeansRenewal?: boolean | undefined;
  /** The codes and sentences that mean "log in again", those among them that count everywhere as well. Default: `invalid_grant`. */
  loginRequiredErrors?: readonly string[] | undefined;
  /** HTTP statuses of the token endpoint that pass by themselves. Default: none. */
  passingStatuses?: readonly number[] | undefined;
  /** Token types to accept besides Bearer. Default: none. */
  tokenTypes?: readonly string[] | undefined;
  /** Token types that mean Bearer whatever they are called. Default: none. */
  bearerTypes?: readonly string[] | undefined;
  /** Where in an answer the tokens are: the name of a field, or of several from the outside in. Default: at the top. */
  tokensAt?: string | readonly string[] | undefined;
  /** How a token request is written. Default "form". */
  requestFormat?: "form" | "json" | undefined;
  /** Further fields of every token request. Default: none. */
  tokenParameters?: Readonly<Record<string, string>> | undefined;
  /** What to ask for so that a refresh token comes. Default: nothing. */
  askFor?: AskFor | undefined;
  /** How many token requests one login may make in how many seconds. Default: no limit. */
  quota?:
    | {
        /** How many token requests one login may make in the window. */
        readonly requests: number;
        /** The length of the window, in seconds. */
        readonly seconds: number;
      }
    | undefined;
  /** Where each fact was found, and when. Default: nowhere. */
  sources?: readonly ProviderSource<ProviderFact>[] | undefined;
}

/** What can be known of a provider. */
export type ProviderFact = Exclude<keyof ProviderProfile, "name" | "sources">;

/** What follows from a profile: options for a client, a cache, a queue and an adapter. */
export interface Provider {
  /** How the provider is called in messages. */
  readonly name: string;
  /** The profile itself, for another one that is much like it: `defineProfile({ ...profiles.okta.profile, grace: 0 })`. */
  readonly profile: Readonly<ProviderProfile>;
  /** For `createOAuthClient({ ...provider.oauth, ... })`. */
  readonly oauth: Pick<OAuthClientOptions, (typeof clientOptions)[number] | "refreshTokenGrace" | "refreshTokens" | "tokenParameters">;
  /** For `createTokenCache({ ...provider.cache, ... })`. */
  readonly cache: {
    /** When a token is refreshed ahead: never, where a refresh ends the access token before. */
    readonly freshness: FreshnessOptions;
  };
  /** For `createTokenEndpointQueue(provider.queue)`, one for each login. */
  readonly queue: {
    /** How many token requests may be under way at one time. Default: that of the queue. */
    readonly concurrency?: number;
    /** The length of the window, in seconds. Default: no window. */
    readonly interval?: number;
    /** How many token requests may be sent in one window. Default: any number. */
    readonly intervalCap?: number;
  };
  /** For the options of an adapter: `attachBearer(api, tokens, provider.adapter)`. */
  readonly adapter: {
    /** How the token is written in the header. Default: after its type. */
    readonly scheme?: AuthorizationScheme;
    /** Whether a response refuses the token. Default: a 401 does. */
    readonly refused?: (response: unknown) => boolean;
  };
  /** What to ask for so that a refresh token comes. */
  readonly askFor: AskFor;
  /**
   * Adds that to a login: `client.authorizationUrl(provider.forRefreshToken({ redirectUri, scope: "orders" }))`. A parameter that the login has already
   * stays as it is.
   */
  forRefreshToken<Login extends object>(login: Login): Login;
  /**
   * `clientSecretBasic` with the encoding that this provider reads.
   *
   * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
   */
  basic(secret: string): ClientAuth;
}

/** Facts that are options of the client by the same name. */
export const clientOptions = [
  "earliestRefresh",
  "loginRequiredErrors",
  "passingStatuses",
  "tokenTypes",
  "bearerTypes",
  "tokensAt",
  "requestFormat",
] as const;
