import type { Send, Setting } from "./client-contender.ts";
import { stubBody, stubHeaders } from "./stub-answer.ts";

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Does what every fetch does with its arguments, which is to make a Request of them; the network is left out. */
const stubFetch: Fetch = async (input, init) => {
  const request = new Request(input, init);
  if (!request.headers.has("authorization")) return new Response(null, { status: 401 });
  return new Response(stubBody, { status: 200, headers: stubHeaders });
};

export function fetchOf({ inProcess }: Setting): Fetch {
  return inProcess ? stubFetch : fetch;
}

export function sendWith(fetchFunction: Fetch, origin: string, init?: RequestInit): Send {
  return async (path) => readJson(await fetchFunction(`${origin}${path}`, init));
}

/** Rejects when the answer is not 200. */
export function readJson(response: Response): Promise<unknown> {
  if (!response.ok) throw new Error(`The API answered ${response.status}.`);
  return response.json();
}
