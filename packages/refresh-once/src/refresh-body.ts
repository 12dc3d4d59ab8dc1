import { hasOwn, keepBody } from "@tokenflight/core";
import { textOf } from "./bytes.ts";

/** The body of a refresh, whichever form it has. */
export interface RefreshBody {
  /** The texts of a field, in their order. */
  values(name: string): readonly string[];
  /** The body as it was; with another refresh token, where that is another one. */
  with(refreshToken: string): RequestBody;
}

/** `BodyInit`, which Node's types do not have by that name. */
export type RequestBody = NonNullable<RequestInit["body"]>;

/** Bytes, or characters. A refresh has a few hundred, or some thousand where a signed assertion or a token is long. */
export const longestBody = 65_536;

export type BodyFormat = "form" | "json" | "multipart" | "other";

const formats: Readonly<Record<string, BodyFormat>> = {
  "application/x-www-form-urlencoded": "form",
  "application/json": "json",
  "multipart/form-data": "multipart",
};

/** The format that a content type names, in any case and whatever parameters it has. */
export function formatOf(contentType: string | undefined): BodyFormat {
  const name = contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return hasOwn(formats, name) ? (formats[name] as BodyFormat) : "other";
}

/** Reads a body that is text. Undefined for what is none of this format. */
export function readText(text: string, format: BodyFormat): RefreshBody | undefined {
  if (text.length > longestBody) return undefined;
  if (format === "form") return readForm(new URLSearchParams(text), text);
  // Most JSON that is posted is no refresh, and need not be parsed.
  return format === "json" && text.includes("refresh_token") ? readJson(text) : undefined;
}

/** Bytes that are no UTF-8 are none of ours. */
export function readBytes(bytes: ArrayBuffer | ArrayBufferView, format: BodyFormat): RefreshBody | undefined {
  const text = bytes.byteLength > longestBody ? undefined : textOf(bytes);
  return text === undefined ? undefined : readText(text, format);
}

/** A form, which the caller may change later. `original` is what it was read from. */
export function readForm(form: URLSearchParams | FormData, original?: string | Uint8Array<ArrayBuffer>): RefreshBody {
  const kept: URLSearchParams | FormData = original === undefined ? keepBody(form) : form;
  return {
    values: (name) => kept.getAll(name).filter((value) => typeof value === "string"),
    with(refreshToken) {
      if (kept.get("refresh_token") === refreshToken) return original ?? kept;
      const other: URLSearchParams | FormData = keepBody(kept);
      other.set("refresh_token", refreshToken);
      return typeof original === "string" ? other.toString() : other;
    },
  };
}

function readJson(text: string): RefreshBody | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
  const fields = parsed as Readonly<Record<string, unknown>>;
  return {
    values(name) {
      const value = hasOwn(fields, name) ? fields[name] : undefined;
      return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string");
    },
    with: (refreshToken) => (fields["refresh_token"] === refreshToken ? text : JSON.stringify({ ...fields, refresh_token: refreshToken })),
  };
}
