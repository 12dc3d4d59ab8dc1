import { IncomingMessage, ServerResponse, type RequestListener } from "node:http";
import type { Answer } from "./answer.ts";

/** Lets a request listener answer a request whose body was read already, and gives its answer instead of sending it. */
export function captureAnswer(listener: RequestListener, request: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve) => {
    listener(unread(request, body), new CapturedResponse(request, resolve));
  });
}

/** The same request with its body still to be read. */
function unread(request: IncomingMessage, body: Buffer): IncomingMessage {
  const copy = new IncomingMessage(request.socket);
  const { method, url, headers, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor } = request;
  // An incomplete message takes its socket with it when it ends.
  Object.assign(copy, { method, url, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor, complete: true });
  copy.headers = headers;
  copy.push(body);
  copy.push(null);
  return copy;
}

/** Belongs to no socket. Its listener sets headers and ends it with the whole body, as Koa does. */
class CapturedResponse extends ServerResponse {
  readonly #answer: (answer: Answer) => void;

  constructor(request: IncomingMessage, answer: (answer: Answer) => void) {
    super(request);
    this.#answer = answer;
  }

  override end(body?: unknown): this {
    const whole = typeof body === "string" || body instanceof Uint8Array ? body : "";
    this.#answer({ status: this.statusCode, headers: { ...this.getHeaders() }, body: whole });
    return this;
  }
}
