/** What a Request is made of. */
export const memberNames: readonly string[] =
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
