import axios, { type AxiosAdapter, type InternalAxiosRequestConfig } from "axios";

type Fetch = typeof globalThis.fetch;

/** Which URL answered a redirected request of axios's fetch adapter. The adapter itself does not tell. */
const redirects = new WeakMap<object, string>();

// There is one recording function per fetch function, because axios keeps every function that it is given here for good.
const recorders = new WeakMap<object, Fetch>();
const globalRecorder = recording((input, init) => globalThis.fetch(input, init));

function recording(fetch: Fetch): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.redirected && typeof input === "object") redirects.set(input, response.url);
    return response;
  };
}

const globalEnv = { env: { fetch: globalRecorder, Blob: globalThis.Blob } } as unknown as InternalAxiosRequestConfig;

/** Whether axios's fetch adapter is to use other functions and classes than the global ones. */
export function hasOwnFetch({ env }: InternalAxiosRequestConfig): boolean {
  if (env === undefined) return false;
  return ["fetch", "Request", "Response"].some((name) => Object.hasOwn(env, name)) || (env as { Blob?: unknown }).Blob !== globalThis.Blob;
}

/** What `axios.getAdapter` looks at in a config, with a fetch function that records. */
export function withRecordingFetch(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
  if (!hasOwnFetch(config)) return globalEnv;
  return { ...config, env: { ...config.env, fetch: recorderOf(config.env?.fetch) } };
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

/** Whether this is axios's fetch adapter, sending with a function of ours. */
export function isRecording(adapter: AxiosAdapter, config: InternalAxiosRequestConfig): boolean {
  return adapter === axios.getAdapter("fetch", withRecordingFetch(config));
}

/** The URL that answered a redirected request. Undefined for a request that was not redirected. */
export function redirectedTo(request: object): string | undefined {
  return redirects.get(request);
}
