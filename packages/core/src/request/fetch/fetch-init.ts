/** What a Request is made of. */
const memberNames =
  "method headers body mode credentials cache redirect referrer referrerPolicy integrity keepalive signal duplex priority dispatcher".split(
    " ",
  );

/** An init that inherits nothing. An object of a class is faster to fill and to read than one without a prototype. */
class OwnInit {
  declare readonly headers?: unknown;
}
Object.setPrototypeOf(OwnInit.prototype, null);

export function copyInit(init: RequestInit | undefined): RequestInit {
  return Object.assign(new OwnInit(), init);
}

/** A copy of an init that inherits nothing. fetch reads the members of a class instance, such as a Request, wherever they come from; a spread does not. */
export function membersOf(init: RequestInit | undefined): RequestInit {
  const copy = copyInit(init) as Record<string, unknown>;
  const prototype: unknown = init == null ? null : Object.getPrototypeOf(init);
  if (prototype === Object.prototype || prototype === null) return copy;
  for (const name of memberNames) if (name in (init as object)) copy[name] = (init as unknown as Record<string, unknown>)[name];
  return copy;
}

/** An init beside a Request makes fetch forget the referrer of that. Takes it over, unless the caller's own init makes fetch forget it anyway. */
export function keepReferrer(init: RequestInit, request: Request, callers: RequestInit): void {
  const { referrer, referrerPolicy } = request;
  if ((referrer === "about:client" || referrer === undefined) && !referrerPolicy) return;
  if (memberNames.some((name) => name in callers)) return;
  init.referrer = referrer;
  init.referrerPolicy = referrerPolicy;
}

/**
 * A Request of the class of `request` with these members in it, and what is left of the init. A fetch function that adds fields to the headers of a Request,
 * as one that keeps cookies does, would lose them to headers that stand beside it. Undefined where no such Request can be made.
 */
export function asOneRequest(request: Request, input: string | Request, init: RequestInit): readonly [Request, RequestInit] | undefined {
  const rest = copyInit(init) as Record<string, unknown>;
  for (const name of memberNames) if (name !== "dispatcher" && name !== "redirect" && name !== "priority") delete rest[name];
  try {
    const whole = new (request.constructor as typeof Request)(input, init);
    // For a function that looks into an init where it has one. These are the very headers of the Request, so that it makes no difference which get a field.
    Object.assign(rest, { method: whole.method, headers: whole.headers });
    return [whole, rest];
  } catch {
    return undefined;
  }
}
