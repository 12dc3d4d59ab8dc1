import { mayBeRedirected, parseUrl } from "@tokenflight/core";
import type { InternalAxiosRequestConfig } from "axios";

type Headers = Record<string, unknown>;

/** What follow-redirects gives for the next request. */
interface NextRequest {
  /** Where it goes. The other parts of a URL are those of a proxy, where there is one. */
  readonly href?: unknown;
  readonly headers?: Headers;
}

type BeforeRedirect = (this: unknown, next: NextRequest, ...details: unknown[]) => void;

/** What is used of the option `transport`, and of what axios calls it with. */
interface Transport {
  request(options: { readonly beforeRedirects?: { config?: unknown } }, ...others: unknown[]): unknown;
}

/**
 * Functions for the option `beforeRedirect` that take the token off a request that a redirect sends to another origin. axios's http adapter leaves that to
 * follow-redirects, which takes the token along to a subdomain, from http to https, and to the host that a `Host` field names.
 */
export class RedirectGuards {
  readonly #byOrigin = new Map<string, BeforeRedirect>();
  #lastUrl: string | undefined;
  #lastOrigin = "";
  #last: BeforeRedirect = () => {};

  /** Puts the function on the private config of a request to this absolute URL. There is one for all requests to one origin. */
  putOn(sent: InternalAxiosRequestConfig, url: string): void {
    if (sent.maxRedirects === 0) return;
    if (url !== this.#lastUrl) {
      // What begins with an origin and a slash is at that origin, and needs no parser.
      if (this.#lastUrl === undefined || !url.startsWith(`${this.#lastOrigin}/`)) {
        this.#lastOrigin = new URL(url).origin;
        this.#last = this.#guardOf(this.#lastOrigin);
      }
      this.#lastUrl = url;
    }
    const guard = this.#last;
    sent.beforeRedirect = sent.beforeRedirect ? inFrontOf(sent.beforeRedirect as BeforeRedirect, guard) : guard;
    if (sent.transport) sent.transport = guarded(sent.transport as Transport, guard);
  }

  #guardOf(origin: string): BeforeRedirect {
    let guard = this.#byOrigin.get(origin);
    if (guard === undefined) {
      guard = ({ href, headers = {} }) => {
        if (parseUrl(String(href))?.origin !== origin) takeTokenOff(headers, headers);
      };
      this.#byOrigin.set(origin, guard);
    }
    return guard;
  }
}

/** Takes off what is as it was before. A request with a token had no such fields of the caller's own. */
function takeTokenOff(headers: Headers, before: Headers): void {
  for (const name of Object.keys(headers))
    if (headers[name] === before[name] && mayBeRedirected({ [name.toLowerCase()]: "" })) delete headers[name];
}

/** The caller's own function, which may choose another address, and credentials for that. */
function inFrontOf(callers: BeforeRedirect, guard: BeforeRedirect): BeforeRedirect {
  return function (next, ...details) {
    guard(next);
    const { headers = {} } = next;
    const [address, before] = [addressOf(next), { ...headers }];
    callers.call(this, next, ...details);
    if (addressOf(next) !== address) takeTokenOff(next.headers ?? {}, before);
  };
}

function addressOf(next: object): string {
  const { protocol, hostname, host, port } = next as Record<string, unknown>;
  return [protocol, hostname, host, port].join(" ");
}

/** The caller's own transport, which may follow redirects by itself, as one that is made of follow-redirects does. axios calls no function of the caller's then. */
function guarded(transport: Transport, guard: BeforeRedirect): Transport {
  const request: Transport["request"] = (options, ...others) => {
    if (options.beforeRedirects) options.beforeRedirects.config ??= guard;
    return transport.request(options, ...others);
  };
  return Object.create(transport, { request: { value: request } }) as Transport;
}
