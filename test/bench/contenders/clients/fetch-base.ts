import type { Send, Setting } from "./client-contender.ts";
import { stubBody, stubHeaders } from "./stub-answer.ts";

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Does what every fetch does with its arguments, which is to make a Request of them; the network is left out. */
async function answer(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  if (!request.headers.has("authorization")) return new Response(null, { status: 401 });
  return new Response(stubBody, { status: 200, headers: stubHeaders });
}

/**
 * Takes the place of the global function before ours is loaded, and is known by its source text as Node's own, whose part it plays: any other may change what
 * it is given and where a redirect takes a token, so that ours gives it copies, and follows redirects itself.
 */
const stubFetch: Fetch = function fetch(input, init) {
  // Node's own says here: require('internal/deps/undici/undici')
  return answer(input, init);
};

export function stubGlobalFetch(): void {
  globalThis.fetch = stubFetch;
}

export function fetchOf({ inProcess }: Setting): Fetch {
  // Like users, contenders name the global function.
  if (inProcess && fetch !== stubFetch) throw new Error("The global fetch has to be the stub before anything is loaded.");
  return fetch;
}

export function sendWith(fetchFunction: Fetch, origin: string, init?: RequestInit): Send {
  return async (path, body) => {
    const sent = body === undefined ? init : { ...init, method: "POST", body };
    return readJson(await fetchFunction(`${origin}${path}`, sent));
  };
}

/** Rejects when the answer is not 200. */
export function readJson(response: Response): Promise<unknown> {
  if (!response.ok) throw new Error(`The API answered ${response.status}.`);
  return response.json();
}
