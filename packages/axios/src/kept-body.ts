import { canSendAgain } from "@tokenflight/core";
import type { InternalAxiosRequestConfig } from "axios";

/** What is used of a form of the package `form-data`, which axios makes of objects in Node. It is a stream of its parts, and can be read once. */
interface PackageForm {
  readonly _streams: unknown[];
  getBuffer(): Uint8Array;
  getHeaders(): Record<string, string>;
}

/** The body of a request, as it was at the call, whatever the caller does with it afterwards. */
export class KeptBody {
  /** The body that is sent first. */
  readonly data: unknown;
  readonly #form: PackageForm | undefined;

  constructor(data: unknown) {
    this.data = copyOf(data);
    this.#form = isPackageForm(data) ? keptForm(data) : undefined;
  }

  get canSendAgain(): boolean {
    return this.#form !== undefined || canSendAgain(this.data);
  }

  /** Puts the body on a config that is sent again: what was a stream becomes its bytes. */
  putOn(config: InternalAxiosRequestConfig): void {
    if (this.#form === undefined) {
      config.data = this.data;
    } else {
      config.data = this.#form.getBuffer();
      // With the boundary that is in the bytes.
      config.headers.set("Content-Type", this.#form.getHeaders()["content-type"], true);
    }
  }
}

/** Text, blobs and data that axios has made text of do not change. */
function copyOf(data: unknown): unknown {
  if (typeof data !== "object" || data === null) return data;
  // The method of typed arrays: Buffer's own gives a view of the same bytes.
  if (ArrayBuffer.isView(data)) return data instanceof DataView ? data : Uint8Array.prototype.slice.call(data);
  const tag = Object.prototype.toString.call(data);
  if (tag === "[object ArrayBuffer]") return (data as ArrayBuffer).slice(0);
  return tag === "[object FormData]" && !("pipe" in data) ? copyOfForm(data as FormData) : data;
}

function copyOfForm(form: FormData): FormData {
  const copy = new (form.constructor as typeof FormData)();
  for (const [name, value] of form) copy.append(name, value as string);
  return copy;
}

function isPackageForm(data: unknown): data is PackageForm {
  const form = data as Partial<PackageForm> | null;
  return typeof form === "object" && Array.isArray(form?._streams) && typeof form.getBuffer === "function";
}

/** The form with all its parts, of which sending takes one after the other. Undefined if one of them is a stream itself. */
function keptForm(form: PackageForm): PackageForm | undefined {
  const parts = form._streams.map((part) => (ArrayBuffer.isView(part) ? copyOf(part) : part));
  const isWhole = parts.every((part) => typeof part === "string" || typeof part === "function" || ArrayBuffer.isView(part));
  return isWhole ? (Object.create(form, { _streams: { value: parts } }) as PackageForm) : undefined;
}
