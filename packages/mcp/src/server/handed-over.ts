import {
  LoginRequiredError,
  TokenRequestError,
  type SourceContext,
  type TokenResponse,
  type TokenSet,
  type TokenSource,
} from "@tokenflight/core";
import { bindingOf, bound, type Binding } from "../binding.ts";

/** A refresh that somebody else is to send: an SDK that sends its own token requests. */
export interface HandedOver {
  readonly binding: Binding;
  readonly refreshToken: string;
  /** The answer has come. */
  answer(response: TokenResponse): void;
  /** There will be none. */
  fail(error: Error): void;
}

/**
 * A token source whose requests are sent by others, under the same record and intent as all others: while one of them is under way, no other process sends that refresh
 * token. What nobody answers in time has an unknown outcome; what comes later is kept all the same: its refresh token may be the only one that still works.
 */
export class HandedOverSource {
  readonly source: TokenSource;
  #next: ((handed: HandedOver) => void) | undefined;

  constructor(identity: string) {
    const source: TokenSource = (context) => this.#hand(context);
    source.identity = identity;
    source.requiresLogin = true;
    source.spendsRefreshToken = true;
    this.source = source;
  }

  /** Resolves to the next refresh of this source. */
  next(): Promise<HandedOver> {
    return new Promise((resolve) => (this.#next = resolve));
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#next = undefined;
  }

  async #hand({ previous }: SourceContext): Promise<TokenSet | TokenResponse> {
    const [binding, refreshToken] = [bindingOf(previous), previous?.refreshToken];
    if (binding === undefined || refreshToken === undefined)
      throw new LoginRequiredError("There is no refresh token to obtain new tokens with: a login is required.");
    const take = this.#next;
    this.#next = undefined;
    // Only what an SDK asks for is its own to send.
    if (take === undefined) throw new TokenRequestError("not-sent", "Nobody is there to send the token request.");
    const answered = Promise.withResolvers<TokenResponse>();
    answered.promise.catch(() => {});
    take({ binding, refreshToken, answer: (response) => answered.resolve(bound(response, binding)), fail: answered.reject });
    return answered.promise;
  }
}
