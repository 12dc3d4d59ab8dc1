import { hasOwn, keepBody } from "@tokenflight/core";
import { textOf } from "../bytes.ts";

/** The body of a refresh, whichever form it has. */
export interface RefreshBody {
  /** All its fields, in their order: texts, and in JSON what else there is, as JSON. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The texts of a field, in their order. */
  values(name: string): readonly string[];
  /** The body as it was; with another refresh token, where that is another one. */
  withRefreshToken(refreshToken: string): RequestBody;
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

/** Reads a body that is text. Undefined for what is none of the format that its type names; at once for all but several parts. */
export function readText(text: string, contentType: string): RefreshBody | undefined | Promise<RefreshBody | undefined> {
  if (text.length > longestBody) return undefined;
  const format = formatOf(contentType);
  if (format === "form") return readForm(new URLSearchParams(text), text);
  // Most of what is posted otherwise is no refresh, and need not be taken apart.
  if (!text.includes("refresh_token")) return undefined;
  return format === "json" ? readJson(text) : readParts(text, contentType);
}

/** Bytes that are no UTF-8 are none of ours. */
export function readBytes(bytes: ArrayBuffer | ArrayBufferView, contentType: string): ReturnType<typeof readText> {
  const text = bytes.byteLength > longestBody ? undefined : textOf(bytes);
  return text === undefined ? undefined : readText(text, contentType);
}

/** The platform knows best how several parts are read. */
async function readParts(text: string, contentType: string): Promise<RefreshBody | undefined> {
  const form = await new Response(text, { headers: { "content-type": contentType } }).formData().catch(() => undefined);
  return form && readForm(form, text);
}

/** A form, which the caller may change later. `original` is what it was read from. */
export function readForm(form: URLSearchParams | FormData, original?: string): RefreshBody {
  const kept: URLSearchParams | FormData = original === undefined ? keepBody(form) : form;
  return {
    fields: [...kept].filter((field): field is [string, string] => typeof field[1] === "string"),
    values: (name) => kept.getAll(name).filter((value) => typeof value === "string"),
    withRefreshToken(refreshToken) {
      if (kept.get("refresh_token") === refreshToken) return original ?? kept;
      const other: URLSearchParams | FormData = keepBody(kept);
      other.set("refresh_token", refreshToken);
      // Several parts have a new boundary then, which the platform names.
      return original !== undefined && other instanceof URLSearchParams ? other.toString() : other;
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
    fields: Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
    values(name) {
      const value = hasOwn(fields, name) ? fields[name] : undefined;
      return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string");
    },
    withRefreshToken: (refreshToken) =>
      fields["refresh_token"] === refreshToken ? text : JSON.stringify({ ...fields, refresh_token: refreshToken }),
  };
}
