import { canSendAgain, drain, keepBody, readerOf, responseField, type Redirect } from "@tokenflight/core";
import { mostRedirects, networkError, nextHop, type Hop } from "@tokenflight/core/fetch";

export type Fetch = typeof globalThis.fetch;

/** What stays behind at another origin, besides what always does. A request with other fields of a scheme follows no redirect. */
const secret = ["dpop"];

/** Sends a hop, the first one or a later one. */
type Send = (hop: Hop, isFirst: boolean) => Promise<Response>;

/**
 * Calls a fetch function that may take a token along to another origin as axios's fetch adapter would, with a Request or with a URL, and follows redirects
 * itself. `isForOnce`: the body can be read once. Rejects as fetch does.
 */
export async function follow(
  fetch: Fetch,
  isForOnce: boolean,
  [input, init = {}]: Parameters<Fetch>,
): Promise<{ readonly response: Response; readonly redirect: Redirect }> {
  const request = typeof input === "object" && "url" in input ? input : undefined;
  const start: Hop = {
    url: request?.url ?? (input as string),
    method: request?.method ?? init.method ?? "GET",
    // axios gives a record. To the Headers of a Request, a function that keeps cookies may add some.
    headers: request === undefined ? (init.headers as Record<string, string>) : Object.fromEntries(request.headers),
    hasBody: (request ?? init).body != null && (isForOnce ? "once" : true),
  };
  const send = request === undefined ? byUrl(fetch, init) : byRequest(fetch, request, { init, isForOnce: isForOnce || !start.hasBody });
  let response = await send(start, true);
  let hop = start;
  let elsewhere: string | undefined;
  for (let count = 0; ; count += 1) {
    const next = nextHop(hop, response, secret);
    if (next === undefined)
      return { response, redirect: count === 0 ? redirectOf(response) : { redirected: true, url: elsewhere ?? hop.url } };
    if (count === mostRedirects) throw networkError("too many redirects");
    discard(response).catch(() => {});
    if (new URL(next.url).origin !== new URL(start.url).origin) elsewhere ??= next.url;
    response = await send(next, false);
    hop = next;
  }
}

/** What a response tells of redirects that the function itself has followed. */
export function redirectOf({ redirected, url }: Response): Redirect {
  return { redirected, url: redirected ? url : undefined };
}

/** Where `env` has no Request. */
function byUrl(fetch: Fetch, init: RequestInit): Send {
  const { body } = init;
  const kept = keepBody(body);
  return async ({ url, method, headers, hasBody }, isFirst) => {
    if (hasBody && !isFirst && !canSendAgain(body)) throw tooLate();
    // The function may change what it is given.
    const members: RequestInit = { ...init, method, headers: { ...(headers as Record<string, string>) }, redirect: "manual" };
    if (!hasBody) delete members.body;
    else if (!isFirst) members.body = keepBody(kept) as BodyInit;
    return fetch(url, members);
  };
}

/** With Requests of the class of the first one. */
function byRequest(fetch: Fetch, request: Request, { init, isForOnce }: { init: RequestInit; isForOnce: boolean }): Send {
  const copy = isForOnce ? undefined : request.clone();
  let bytes: ArrayBuffer | undefined;
  return async ({ url, method, headers, hasBody }, isFirst) => {
    let sent = request;
    const Again = request.constructor as typeof Request;
    // A function may look at the Request only.
    if (isFirst && request.redirect !== "manual") sent = new Again(request, { redirect: "manual" });
    if (!isFirst) {
      if (hasBody && copy === undefined) throw tooLate();
      const { credentials, signal } = request;
      const members: RequestInit = { ...init, method, headers, credentials, signal, redirect: "manual" };
      if (hasBody) members.body = bytes ??= await (copy as Request).arrayBuffer();
      sent = new Again(url, members);
    }
    // A function that looks at the URL of a Request, and makes an init of its own where it was given none, would follow redirects itself. These are the very
    // Headers of the Request, in which one that keeps cookies puts them.
    return fetch(sent, { ...init, method, headers: sent.headers, redirect: "manual" });
  };
}

function tooLate(): TypeError {
  return networkError("a redirect of a body that can be read once");
}

async function discard({ body, headers }: Response): Promise<void> {
  const reader = readerOf(body);
  if (reader !== undefined) await drain(reader, responseField(headers, "content-length"));
}
