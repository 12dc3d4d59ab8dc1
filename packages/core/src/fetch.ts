import type { Attachment, ResponseFacts } from "./attachment.ts";
import { canReadAgain } from "./body.ts";
import { carry, type Carriage } from "./carry.ts";
import type { HeaderFields } from "./scheme.ts";

export type FetchFunction = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** A call of a fetch function, as `tokens` sees it when it is a function of the request. */
export interface FetchRequest {
  readonly input: string | URL | Request;
  readonly init: RequestInit | undefined;
}

/** Bodies up to this size are read to their end, which keeps the connection; longer ones are cancelled, which closes it. */
const longestDrain = 65_536;

/** A fetch function that puts tokens on requests. What the adapters for fetch and for clients over fetch have in common. */
export function fetchWithTokens(attachment: Attachment<FetchRequest, Response>, fetch: FetchFunction): FetchFunction {
  return (input, init) => {
    const url = absoluteUrl(input);
    if (!attachment.allows(url)) return fetch(input, init);
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    if (headers.has("authorization")) return fetch(input, init);
    const tokens = attachment.tokensFor({ input, init });
    if (tokens === undefined) return fetch(input, init);
    const carriage = new FetchCarriage(fetch, input, init, url, headers, attachment.mayReplay(true));
    const response = carry(attachment, tokens, carriage);
    return carriage.hasSpare ? response.finally(() => carriage.release()) : response;
  };
}

function absoluteUrl(input: string | URL | Request): string {
  if (input instanceof Request) return input.url;
  if (typeof input !== "string") return input.href;
  // In a browser, relative URLs are relative to the page.
  const page = (globalThis as { location?: { href: string } }).location?.href;
  return page === undefined ? input : (URL.parse(input, page)?.href ?? input);
}

class FetchCarriage implements Carriage<Response> {
  readonly url: string;
  readonly canResend: boolean;
  readonly #fetch: FetchFunction;
  readonly #input: string | URL | Request;
  readonly #init: RequestInit | undefined;
  readonly #headers: Headers;
  /** A request whose body lives in a Request object is sent from a copy each time, and the last copy is the object itself. */
  #spare: Request | undefined;

  constructor(
    fetch: FetchFunction,
    input: string | URL | Request,
    init: RequestInit | undefined,
    url: string,
    headers: Headers,
    mayReplay: boolean,
  ) {
    this.#fetch = fetch;
    this.#input = input;
    this.#init = init;
    this.url = url;
    this.#headers = headers;
    this.canResend = canReadAgain(init?.body);
    if (mayReplay && input instanceof Request && input.body !== null && init?.body == null) this.#spare = input.clone();
  }

  get hasSpare(): boolean {
    return this.#spare !== undefined;
  }

  get method(): string {
    return this.#init?.method ?? (this.#input instanceof Request ? this.#input.method : "GET");
  }

  get signal(): AbortSignal | undefined {
    return this.#init?.signal ?? (this.#input instanceof Request ? this.#input.signal : undefined);
  }

  send(fields: HeaderFields): Promise<Response> {
    // A copy of the caller's headers from the start; fetch copies them again, so a replay may write over them.
    const headers = this.#headers;
    for (const name of Object.keys(fields)) headers.set(name, fields[name] as string);
    // Called without a receiver: a browser's own fetch accepts no other object as `this`.
    const fetch = this.#fetch;
    return fetch(this.#next(), { ...this.#init, headers });
  }

  #next(): string | URL | Request {
    if (this.#spare === undefined || !(this.#input instanceof Request) || !this.#input.bodyUsed) return this.#input;
    const spare = this.#spare;
    this.#spare = undefined;
    return spare;
  }

  facts({ status, headers }: Response): ResponseFacts {
    return { status, challenge: status === 401 ? headers.get("www-authenticate") : undefined };
  }

  redirect({ redirected, url }: Response): { redirected: boolean | undefined; url: string | undefined } {
    return { redirected, url };
  }

  async discard(response: Response): Promise<void> {
    try {
      if (Number(response.headers.get("content-length") ?? Number.NaN) <= longestDrain) await response.arrayBuffer();
      else await response.body?.cancel();
    } catch {
      // The response is thrown away in any case.
    }
  }

  /** The copy that was not needed would keep the body in memory. */
  release(): void {
    this.#spare?.body?.cancel().catch(() => {});
  }
}
