import type { TokenflightError } from "./errors/tokenflight-error.ts";
import { requireFunction } from "./options.ts";
import type { TokenSet } from "./tokens/token-set.ts";
import type { RefreshReason, Urgency } from "./tokens/token-source.ts";

/** What happens to a subject's tokens. No event holds a secret; `token` is a fingerprint. Times are milliseconds. */
export type TokenEvent =
  /** The token source is asked for a new token set. What comes of it is told by one of the events below. */
  | {
      type: "refresh-started";
      /** Why a new token set was needed. */
      reason: RefreshReason;
      /** Whether a request waited for it. */
      urgency: Urgency;
    }
  /** The token source gave a new token set. */
  | ({
      type: "token-obtained";
      /** Why a new token set was needed. */
      reason: RefreshReason;
      /** Whether a request waited for it. */
      urgency: Urgency;
      /** Milliseconds from the call of the token source to its answer. */
      duration: number;
    } & TokenFacts)
  /** Another cache or process has obtained this token set, and it was found in the store. */
  | ({ type: "token-adopted" } & TokenFacts)
  /** A login was saved. */
  | ({ type: "token-saved" } & TokenFacts)
  /** A logout: the tokens were forgotten, here and in the store. */
  | {
      type: "token-forgotten";
      /** The generation of the record after the logout: it goes up by one with each change of the login. */
      generation: number;
    }
  /** These fields of what the token source gave, or of a login, could not be used, and count as left out. */
  | {
      type: "fields-ignored";
      /** The names of the fields, without their values. */
      fields: readonly string[];
    }
  /** A login was saved whose tokens cannot be refreshed: the scope or the parameter was missing by which this server gives a refresh token. */
  | { type: "no-refresh-token" }
  /** A resource server refused the current token. Told once for each token, however many requests it refused. */
  | {
      type: "token-refused";
      /** The fingerprint of the access token: it tells two tokens apart, and is no secret. */
      token: string;
    }
  /** A replay with a brand-new token was refused too: refusals of it cause no refresh for `pause` milliseconds. */
  | {
      type: "new-token-refused";
      /** The fingerprint of the access token: it tells two tokens apart, and is no secret. */
      token: string;
      /** Milliseconds for which refusals of it cause no refresh. */
      pause: number;
    }
  /** A token request failed; the next may be sent in `retryIn` milliseconds. */
  | {
      type: "refresh-failed";
      /** Why a new token set was needed. */
      reason: RefreshReason;
      /** What went wrong; `code` tells the cases apart. */
      error: TokenflightError;
      /** Milliseconds until the next token request may be sent. */
      retryIn: number;
    }
  /** Only a login helps from here on. Told once, until the next `save`. */
  | {
      type: "login-required";
      /** What went wrong; `code` tells the cases apart. */
      error: TokenflightError;
    }
  /** The store did not answer in time, or failed. */
  | {
      type: "store-trouble";
      /** What the store was to do. */
      operation: "read" | "write";
      /** What went wrong; `code` tells the cases apart. */
      error: TokenflightError;
    };

/** What every event about a new token set says of it. */
export interface TokenFacts {
  /** The fingerprint of the access token: it tells two tokens apart, and is no secret. Empty for a login that begins with a refresh token alone. */
  token: string;
  /** When the access token expires, in milliseconds since the UNIX epoch. Undefined when nothing says so. */
  expiresAt: number | undefined;
  /** Goes up by one with each token set of this subject. */
  generation: number;
}

/** A login that begins with a refresh token alone has no access token that could expire. */
export function tokenFacts({ accessToken, fingerprint, expiresAt }: TokenSet, generation: number): TokenFacts {
  return { token: fingerprint, expiresAt: accessToken === "" ? undefined : expiresAt, generation };
}

/** Is told what happens to a subject's tokens. */
export type Observer = (event: TokenEvent) => void;

const ignore = (): void => {};

/** Makes an observer that never throws: a broken log line must not break a request, nor an asynchronous one the process. */
export function guarded<Event>(observe: ((event: Event) => unknown) | undefined): (event: Event) => void {
  if (observe === undefined) return ignore;
  return (event) => {
    try {
      const observed = observe(event);
      if (observed instanceof Promise) observed.catch(ignore);
    } catch {
      ignore();
    }
  };
}

/** What every observer of ours is told: the caches' and pools', the adapters', and those of the other packages. */
interface AnyEvent {
  /** Names the event. */
  readonly type: string;
}

/**
 * An `observe` for token caches, pools, adapters and OAuth clients that writes each event as one line, such as
 * `tokenflight token-obtained reason=expired urgency=blocking duration=84ms`. No line holds a secret. `write` is given each line; default `console.log`.
 *
 * @throws InvalidOptionError (`ERR_INVALID_OPTION`).
 * @example
 * ```ts
 * const tokens = createTokenCache({ source, observe: consoleObserver() });
 * ```
 */
// oxlint-disable-next-line eslint/no-console -- The console is what it is for.
export function consoleObserver(write: (line: string) => void = (line) => console.log(line)): (event: AnyEvent, key?: string) => void {
  requireFunction("consoleObserver.write", write);
  return (event, key) => {
    const about = key === undefined ? [] : [`key=${textOf("key", key)}`];
    for (const [name, value] of Object.entries(event)) {
      if (name !== "type" && value !== undefined) about.push(`${name}=${textOf(name, value)}`);
    }
    write(["tokenflight", event.type, ...about].join(" "));
  };
}

/** Names of fields that are milliseconds. */
const durations = new Set(["duration", "pause", "retryIn"]);

function textOf(name: string, value: unknown): string {
  if (value instanceof Error) {
    const { code = value.name, message } = value as Error & { code?: string };
    return `${code} ${JSON.stringify(message)}`;
  }
  if (typeof value === "number") {
    if (name === "expiresAt") return new Date(value).toISOString();
    return durations.has(name) ? `${Math.round(value)}ms` : String(value);
  }
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map((one) => textOf(name, one)).join(",");
  const text = String(value);
  return /^[\w.:/@+~-]+$/.test(text) ? text : JSON.stringify(text);
}
