import { TokenflightError, type BearerOptions, type TokenCache } from "@tokenflight/core";

/** Text, what the client takes as a stream, bytes, a form, parameters, or what gives its pieces one after the other. */
export type OutgoingBody = string | ReadableStream<Uint8Array> | Uint8Array | FormData | URLSearchParams | AsyncIterable<Uint8Array>;

export interface Outgoing {
  readonly method?: "GET" | "POST";
  /** A path of the API, or a whole URL. */
  readonly path?: string;
  readonly body?: OutgoingBody;
  readonly headers?: Record<string, string>;
  /** The client is given this very `headers` object, no copy with fields of the driver's own. */
  readonly asGiven?: boolean;
  readonly signal?: AbortSignal;
}

/** What a caller gets in the end, in whichever form its client gives it. */
export interface Outcome {
  readonly status: number;
  readonly body: string;
}

export type Send = (request: Outgoing) => Promise<Outcome>;

/** What all adapters offer alike, whatever their client's own response is. */
export interface CommonOptions extends Omit<BearerOptions<never>, "refused"> {
  refused?: (response: { status?: number; statusCode?: number }) => boolean | Promise<boolean>;
}

/** A token cache, or a selector that needs to know nothing of the request. */
export type Tokens = TokenCache | (() => TokenCache | undefined | Promise<TokenCache | undefined>);

/** How the client itself is set up, each in its own idiom. */
export interface Setting {
  /** The path of the client's base URL; of every URL, where it has no such option. */
  readonly base?: string;
  /** The client's own limit for a request, in milliseconds. */
  readonly timeout?: number;
  /** The caller's own hooks or wrappers: one from before the tokens, one from after. Each is told of a request that leaves and a response that comes. */
  readonly hooks?: readonly [Hook, Hook];
  /** What stands between the adapter and the network fails with this. */
  readonly failure?: Error;
}

export type Hook = (event: string) => void;

/** One way to use a client, as the same function for all of them. */
export interface ClientUnderTest {
  readonly name: string;
  /** A client with these tokens (or without any) that resolves to every answer as it is. */
  readonly connect: (tokens: Tokens | undefined, origin: string, options?: CommonOptions, setting?: Setting) => Send;
  /** A client that had these tokens until they were detached: by the function that attaching gave, or because what was extended is still there. */
  readonly detached: (tokens: TokenCache, origin: string) => Promise<Send>;
  /** How a single request is sent without a token, in the client's own idiom. */
  readonly withoutToken: (tokens: TokenCache, origin: string) => Send;
  /** Scenarios of the adapter contract in which this way differs, each with its reason. */
  readonly differences?: Readonly<Record<string, string>>;
}

/** The error of ours in what a client rejects with: clients wrap the errors of their hooks and adapters in their own. */
export function tokenErrorIn(error: unknown): TokenflightError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (TokenflightError.is(current)) return current;
  }
  return undefined;
}
