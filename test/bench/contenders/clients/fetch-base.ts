import type { Send, Setting } from "./client-contender.ts";
import { stubBody, stubHeaders } from "./stub-answer.ts";

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * Does what every fetch does with its arguments, which is to make a Request of them; the network is left out. It takes the place of the global function before
 * ours is loaded, because that treats the platform's own, which only reads what it is given, better than any other.
 */
const stubFetch: Fetch = async (input, init) => {
  const request = new Request(input, init);
  if (!request.headers.has("authorization")) return new Response(null, { status: 401 });
  return new Response(stubBody, { status: 200, headers: stubHeaders });
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
