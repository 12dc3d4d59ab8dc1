import { hasOwn } from "../platform/own.ts";

/** What the interfaces of the platform's classes have, and a name alone does not. */
const formMethods = ["append", "delete", "entries", "get", "getAll", "has", "set"];
const parameterMethods = ["append", "delete", "entries", "get", "getAll", "has", "set", "toString"];

/**
 * Whether a request body can be sent a second time, byte for byte: text, bytes, blobs, forms, parameters, lists of these and plain data can. Whatever else
 * there is, a stream, an iterator, an object that is read piece by piece or that makes its own text, may give its content only once, and nothing tells
 * from outside whether it does: a replay would have an empty body, which an API may accept. The one rule of all adapters.
 */
export function canSendAgain(body: unknown): boolean {
  if (typeof body === "function") return false;
  if (typeof body !== "object" || body === null || ArrayBuffer.isView(body)) return true;
  return isBuffer(body) || isBlob(body) || isForm(body) || isParameters(body) || isList(body) || isPlain(body);
}

/** Node's class of bytes. Its copies of a few kilobytes share memory, and cost a third of those of the platform's classes. */
const { Buffer } = globalThis as {
  readonly Buffer?: { isBuffer(body: unknown): boolean; from(bytes: Uint8Array | ArrayBufferLike): Uint8Array };
};

/**
 * A body as it is now, for the time when the caller may have changed its own: bytes, forms, parameters and lists of these are copied. Text and blobs never
 * change, and what is read piece by piece cannot be copied. `mayBeBuffer`: who gets it does the same with bytes of whatever class, so that they may be Node's.
 */
export function keepBody<Body>(body: Body, mayBeBuffer?: boolean): Body;
export function keepBody(body: unknown, mayBeBuffer = false): unknown {
  if (typeof body !== "object" || body === null) return body;
  if (ArrayBuffer.isView(body)) {
    if (isShared(body.buffer)) return keepShared(body);
    const bytes = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    if (Buffer !== undefined && mayBeBuffer) return Buffer.from(bytes);
    const copy = bytes.slice();
    return Buffer?.isBuffer(body) ? Buffer.from(copy.buffer) : copy;
  }
  if (isBuffer(body)) return Buffer !== undefined && mayBeBuffer && !isShared(body) ? Buffer.from(new Uint8Array(body)) : body.slice();
  if (isParameters(body)) return new (classOf(body))(body);
  if (isList(body)) return (body as unknown as unknown[]).map((piece) => keepBody(piece));
  if (!isForm(body)) return body;
  const copy = new (classOf(body))();
  // A file keeps its name, and a text its value.
  for (const [name, value] of body.entries()) copy.append(name, value as string);
  return copy;
}

/** A view of shared memory stays one, because some clients send its bytes and others its text. */
function keepShared(body: ArrayBufferView): ArrayBufferView {
  const memory = body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength);
  if (Buffer?.isBuffer(body)) return Buffer.from(memory);
  return new (body.constructor as new (memory: ArrayBufferLike) => ArrayBufferView)(memory);
}

/** Whether it is a SharedArrayBuffer, of whichever realm. */
export function isShared(memory: object): memory is SharedArrayBuffer {
  return Object.prototype.toString.call(memory) === "[object SharedArrayBuffer]";
}

function classOf<Kind extends object>(body: Kind): new (from?: Kind) => Kind {
  return body.constructor as new (from?: Kind) => Kind;
}

/** An ArrayBuffer or a SharedArrayBuffer, of whichever realm. */
export function isBuffer(body: object): body is ArrayBuffer {
  return hasBrand(ArrayBuffer, body) || (typeof SharedArrayBuffer === "function" && hasBrand(SharedArrayBuffer, body));
}

/** Only a real one gives its length. */
function hasBrand({ prototype }: { readonly prototype: object }, body: object): boolean {
  try {
    Reflect.get(prototype, "byteLength", body);
    return true;
  } catch {
    return false;
  }
}

/** A Blob or a File of the platform, none that reads itself in a way of its own. */
function isBlob(body: object): boolean {
  if (typeof Blob !== "function" || !(body instanceof Blob)) return false;
  return ["stream", "arrayBuffer", "slice", "size"].every((name) => isInherited(body, name, Blob.prototype));
}

function isInherited(body: object, name: string, from: object): boolean {
  for (let at: object | null = body; at !== null && at !== from; at = Object.getPrototypeOf(at) as object | null)
    if (hasOwn(at, name)) return false;
  return true;
}

/** A form: the platform's or another copy of it, such as undici's. */
export function isForm(body: object): body is FormData {
  return implementsIterable(body, "[object FormData]", formMethods);
}

export function isParameters(body: object): body is URLSearchParams {
  return implementsIterable(body, "[object URLSearchParams]", parameterMethods);
}

/** Whether its class is an implementation of this interface, whole and without changes by a subclass or in the object itself. */
function implementsIterable(body: object, tag: string, methods: readonly string[]): boolean {
  if (Object.prototype.toString.call(body) !== tag) return false;
  const kind = Object.getPrototypeOf(body) as Record<PropertyKey, unknown> | null;
  if (kind === null || !hasOwn(kind, Symbol.iterator)) return false;
  const isWhole = methods.every((name) => hasOwn(kind, name) && typeof kind[name] === "function" && !hasOwn(body, name));
  return isWhole && !hasOwn(body, Symbol.iterator);
}

/** An array that gives its pieces as arrays do. The prototype of arrays is an array itself, in every realm, and that of a subclass is none. */
function isList(body: object): boolean {
  if (!Array.isArray(body) || hasOwn(body, Symbol.iterator) || Symbol.asyncIterator in body || "pipe" in body) return false;
  const kind: unknown = Object.getPrototypeOf(body);
  return Array.isArray(kind) && Object.getPrototypeOf(Object.getPrototypeOf(kind)) === null && body.every(canSendAgain);
}

/** An object with nothing but data in it, of whichever realm. */
function isPlain(body: object): boolean {
  const kind = Object.getPrototypeOf(body) as object | null;
  if (kind !== null && (Object.getPrototypeOf(kind) !== null || !hasOwn(kind, "isPrototypeOf"))) return false;
  if (Symbol.iterator in body || Symbol.asyncIterator in body || Symbol.toPrimitive in body) return false;
  const values = Object.values(body);
  return values.every((value) => typeof value !== "function");
}
