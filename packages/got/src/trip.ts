import type { HeaderFields, TokenCache, TokenSet } from "@tokenflight/core";
import type { Options } from "got";

/** One call of got, over its redirects, its retries and our replay. */
export interface Trip {
  /** Whether the body can be sent a second time. */
  readonly canResend: boolean;
  cache: TokenCache | undefined;
  /** The token set on the request that is under way; undefined while it carries none. */
  used: TokenSet | undefined;
  /** The header fields that stand on the request because of it. */
  fields: HeaderFields | undefined;
  replayed: boolean;
}

const key = Symbol("tokenflight");

type Context = Record<PropertyKey, unknown>;

/** A context of its own for this call: a caller may share one between calls. */
export function startTrip(options: Options, canResend: boolean): void {
  const trip: Trip = { canResend, cache: undefined, used: undefined, fields: undefined, replayed: false };
  options.context = { ...options.context, [key]: trip };
}

export function tripOf(options: Pick<Options, "context">): Trip | undefined {
  return (options.context as Context)[key] as Trip | undefined;
}
