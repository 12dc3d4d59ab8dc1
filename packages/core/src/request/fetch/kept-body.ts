import { isBuffer, isForm, isParameters } from "../body.ts";

type Body = RequestInit["body"];

/**
 * A body as it is now: bytes, forms and parameters are copied, because the caller may change them. Text and blobs never change, and what is read piece by
 * piece cannot be copied.
 */
export function keepBody(body: Body): Body {
  if (typeof body !== "object" || body === null) return body;
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  if (isBuffer(body)) return body.slice();
  if (isParameters(body)) return new (classOf(body))(body);
  if (!isForm(body)) return body;
  const copy = new (classOf(body))();
  // A file keeps its name, and a text its value.
  for (const [name, value] of body.entries()) copy.append(name, value as string);
  return copy;
}

function classOf<Kind extends object>(body: Kind): new (from?: Kind) => Kind {
  return body.constructor as new (from?: Kind) => Kind;
}
