import type { InternalAxiosRequestConfig } from "axios";

type Fetch = typeof globalThis.fetch;

/** Which URL answered a request of axios's fetch adapter, or undefined if it was not redirected. The adapter itself does not tell. */
const answered = new WeakMap<object, string | undefined>();

// There is one recording function per fetch function, because axios keeps every function that it is given here for good.
const recorders = new WeakMap<object, Fetch>();
const globalRecorder = recording((input, init) => globalThis.fetch(input, init));

function recording(fetch: Fetch): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (typeof input === "object") answered.set(input, response.redirected ? response.url : undefined);
    return response;
  };
}

/** The `env` of a config, with a fetch function that records. Before axios 1.12 it is not looked at. */
export function recordingEnv(env: InternalAxiosRequestConfig["env"]): NonNullable<InternalAxiosRequestConfig["env"]> {
  return { ...env, fetch: recorderOf(env?.fetch) };
}

function recorderOf(fetch: Fetch | null | undefined): Fetch {
  if (fetch == null) return globalRecorder;
  let recorder = recorders.get(fetch);
  if (recorder === undefined) {
    recorder = recording(fetch);
    recorders.set(fetch, recorder);
  }
  return recorder;
}

/** Which URL answered a request; undefined in `url` if it was not redirected. Undefined for a request that was sent without our function. */
export function answerTo(request: object): { readonly url: string | undefined } | undefined {
  return answered.has(request) ? { url: answered.get(request) } : undefined;
}
