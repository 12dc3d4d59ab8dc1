import type { FetchFunction } from "@tokenflight/oauth";

/** The header of a token request by which a test knows whose it is. */
export const subjectHeader = "x-subject";

export function subjectFetch(key: string, send: FetchFunction): FetchFunction {
  return (url, init) => {
    const headers = new Headers(init?.headers);
    headers.set(subjectHeader, key);
    return send(url, { ...init, headers });
  };
}
