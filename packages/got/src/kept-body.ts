import { keepBody } from "@tokenflight/core";
import type { NormalizedOptions, Options, Request } from "got";

/** What got has of a form, which is a stream by the time it is sent, but one that got makes anew for each attempt. Before version 15.1 it could not. */
interface FormRequest {
  readonly _nativeFormDataBody?: { form: FormData | undefined };
}

/** The body of a call as it was, where it is sent later than now, or twice: the caller may have changed its own meanwhile. */
export class KeptBody {
  readonly #form: FormData | undefined;
  readonly #formCopy: FormData | undefined;
  #copy: Options["body"];

  constructor({ body }: Options, wantsReplay: boolean) {
    this.#form = wantsReplay && body instanceof FormData ? body : undefined;
    this.#formCopy = keepBody(this.#form);
  }

  /** got writes what bytes are when it writes them, piece by piece. From here on it writes a copy, in each attempt that follows. */
  keep(options: NormalizedOptions): void {
    const { body } = options;
    if (body === undefined || body === this.#copy) return;
    this.#copy = keepBody(body, true);
    if (this.#copy !== body) options.body = this.#copy;
  }

  /** Whether got can send a form again, which is then what it was at the call. A hook may have put another one in its place. */
  canSendFormAgain(request: Request): boolean {
    const { _nativeFormDataBody: sent } = request as unknown as FormRequest;
    if (sent === undefined || this.#form === undefined) return false;
    if (sent.form === this.#form) sent.form = this.#formCopy;
    return true;
  }
}
