import type { TokenCache } from "../cache/token-cache.ts";
import type { AuthorizationScheme } from "./scheme.ts";

/**
 * Names the token cache of each request, for programs that act for many users. A request for which it gives undefined gets no token. It may give a promise;
 * an answer at once costs nothing more than the call.
 */
export type TokenCacheSelector<Request> = (request: Request) => TokenCache | undefined | Promise<TokenCache | undefined>;

/** Why a request went without a token: another origin, credentials of the caller's own, no token cache for it, or nobody is logged in. */
export type WithoutTokenReason = "logged-out" | "no-cache" | "origin" | "own-credentials";

/**
 * Why a refused request was not sent again: `replay` is "never", its body can be read only once, it was refused behind a redirect where sending it
 * again is not safe, its response is a stream that the caller has already, or there is no other token. But for the last, the token is renewed for the next request.
 */
export type NotReplayedReason = "body" | "never" | "no-other-token" | "redirect" | "stream";

/** What an adapter notices although nothing failed. No event holds a secret. More types may follow: ignore those that you do not know. */
export type AdapterEvent =
  /** The token is sent to this origin over plain http, because `allowInsecureOrigins` names it. Told once for each attachment and origin. */
  | {
      readonly type: "insecure-origin";
      /** The origin of the request, without its path: what a query holds may be secret. */
      readonly origin: string;
    }
  /** A request went without a token. Told once a minute for each attachment, origin and reason. */
  | {
      readonly type: "request-without-token";
      /** The origin of the request, without its path: what a query holds may be secret. */
      readonly origin: string;
      /** Why it had none. */
      readonly reason: WithoutTokenReason;
    }
  /** A refused request was sent again, and `outcome` is how that ended: with a response of whatever status, with another refusal, or without a response. */
  | {
      readonly type: "request-replayed";
      /** The origin of the request, without its path: what a query holds may be secret. */
      readonly origin: string;
      /** How the replay ended. */
      readonly outcome: "accepted" | "failed" | "refused";
    }
  /**
   * In a page, a request with a token to another origin has failed as a network error. The server may be away, or have answered with a 401 that the page
   * may not see, without CORS header fields, so that no token is renewed. Told once a minute for each attachment and origin.
   */
  | {
      readonly type: "request-unanswered";
      /** The origin of the request, without its path: what a query holds may be secret. */
      readonly origin: string;
    }
  /** A refused request was not sent again: its caller gets the refusal. */
  | {
      readonly type: "request-not-replayed";
      /** The origin of the request, without its path: what a query holds may be secret. */
      readonly origin: string;
      /** Why it was not. */
      readonly reason: NotReplayedReason;
    };

/** The options of every adapter. `Response` is the client's own. */
export interface BearerOptions<Response> {
  /**
   * The origins that may have the token, such as "https://api.example.com": scheme, host and port are compared exactly, and a request
   * to anywhere else is sent untouched. Only https, or http to this machine. Adapters whose client has a base URL take its origin by default.
   */
  origins?: string | readonly string[] | undefined;
  /**
   * Plain http origins that may be among `origins`, or be the base URL's, although everybody on the way can read the token: for a network of one's own,
   * such as ["http://orders:8080"] in a compose file or behind a mesh that encrypts. Each is named exactly; naming one here does not add it to
   * `origins`. Default: none.
   */
  allowInsecureOrigins?: readonly string[] | undefined;
  /** Whether a refused request is sent again with another token. Default "once". */
  replay?: "once" | "never" | undefined;
  /**
   * Whether a response says that the token is not taken. Default: status 401, unless WWW-Authenticate says that another token is no use. If it
   * throws, the response counts as not refused. `refusedBy` makes one that finds refusals in JSON answers, too.
   */
  refused?: ((response: Response) => boolean | Promise<boolean>) | undefined;
  /**
   * How a token set is put on a request. Default: `Authorization: Bearer <access token>`. Clients would take any other field than
   * `authorization` along over a redirect to another origin: with one, got and fetch in servers follow redirects without it, and in other clients a redirect is
   * the caller's own to follow.
   */
  scheme?: AuthorizationScheme | undefined;
  /**
   * What becomes of a request when nobody is logged in, because there was no login yet or it has ended for good: "reject", the default, rejects with a
   * LoginRequiredError; "send" sends it without a token, for instances that make public and private requests. A request never goes without a token
   * while there is a login, be its access token expired or its refresh failing.
   */
  loggedOut?: "reject" | "send" | undefined;
  /**
   * Credentials that count as none, for SDKs that do not start without a key: a value, such as "Bearer tokenflight", of the field that the token is put
   * on, or fields with their values, such as { "x-api-key": "tokenflight" }. Exactly these are taken off where the token is put on; a request
   * that goes without a token, because nobody is logged in or it goes anywhere else, keeps them. Default: none.
   */
  placeholder?: string | Readonly<Record<string, string>> | undefined;
  /** Is told what happens although nothing failed; what it throws is ignored. Default: nobody is told. */
  observe?: ((event: AdapterEvent) => void) | undefined;
}
