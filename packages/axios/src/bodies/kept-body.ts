import { canSendAgain, keepBody, randomId } from "@tokenflight/core";
import type { InternalAxiosRequestConfig } from "axios";
import type { Transport } from "../adapter-wrapper.ts";

/** What is used of a form of the package `form-data`, which axios makes of objects in Node. It is a stream of its parts, and can be read once. */
interface PackageForm {
  readonly _streams: unknown[];
  getBuffer(): Uint8Array;
  getHeaders(): Record<string, string>;
}

/** The body of a request that may be sent later than now, or twice: a copy, because the caller may change its own meanwhile. */
export class KeptBody {
  readonly #data: unknown;
  /** Whether what sends it may change it, and gets a copy of the copy. */
  readonly #isGivenAway: boolean;
  /** In place of a form that is a stream and was sent. */
  readonly #form: PackageForm | undefined;
  /** With one that is chosen for each attempt, the bytes of a form would not be the same. As long as axios's own. */
  readonly #boundary: string | undefined;

  /** `isGivenAway`: a function of the caller's own sends it. */
  constructor(data: unknown, kind: Transport["kind"], isGivenAway: boolean) {
    this.#isGivenAway = isGivenAway;
    // axios's http adapter would make Buffers of bytes anyway.
    this.#data = keepBody(data, kind === "http");
    if (typeof data !== "object" || data === null) return;
    // axios's fetch adapter does not know what to do with such a form.
    this.#form = kind !== "fetch" && isPackageForm(data) ? keptForm(data) : undefined;
    this.#boundary = kind === "http" && isForm(data) ? `axios-boundary-${randomId().replaceAll("-", "")}` : undefined;
  }

  get canSendAgain(): boolean {
    return this.#form !== undefined || canSendAgain(this.#data);
  }

  /** Puts the body on a private config. */
  putOn(config: InternalAxiosRequestConfig, isReplay: boolean): void {
    config.data = this.#isGivenAway && !isReplay ? keepBody(this.#data) : this.#data;
    if (this.#boundary !== undefined && !String(config.headers.get("Content-Type") ?? "").includes("boundary="))
      config.headers.set("Content-Type", `multipart/form-data; boundary=${this.#boundary}`);
    if (this.#form === undefined || !isReplay) return;
    // A form without parts has no bytes at all.
    config.data = this.#form._streams.length === 0 ? undefined : this.#form.getBuffer();
    // With the boundary that is in the bytes.
    config.headers.set("Content-Type", this.#form.getHeaders()["content-type"]);
  }
}

function isForm(data: unknown): data is FormData {
  return Object.prototype.toString.call(data) === "[object FormData]" && !("pipe" in (data as object));
}

function isPackageForm(data: unknown): data is PackageForm {
  const form = data as Partial<PackageForm> | null;
  return typeof form === "object" && Array.isArray(form?._streams) && typeof form.getBuffer === "function";
}

/** The form with all its parts, of which sending takes one after the other. Undefined if one of them is a stream itself. */
function keptForm(form: PackageForm): PackageForm | undefined {
  const parts = form._streams.map((part) => (ArrayBuffer.isView(part) ? keepBody(part) : part));
  const isWhole = parts.every((part) => typeof part === "string" || typeof part === "function" || ArrayBuffer.isView(part));
  return isWhole ? (Object.create(form, { _streams: { value: parts } }) as PackageForm) : undefined;
}
