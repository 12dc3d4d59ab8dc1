import type { InternalAxiosRequestConfig } from "axios";

type Fetch = typeof globalThis.fetch;

/** Which URL answered a request of axios's fetch adapter, which keeps it to itself. */
const answers = new WeakMap<object, { redirected: boolean; url: string }>();

// One recording function per fetch function: axios keeps everything that it is given here for good.
const recorders = new WeakMap<Fetch, Fetch>();
const globalRecorder = recording((input, init) => globalThis.fetch(input, init));

function recording(fetch: Fetch): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (typeof input === "object") answers.set(input, { redirected: response.redirected, url: response.url });
    return response;
  };
}

const globalEnv = { env: { fetch: globalRecorder, Blob: globalThis.Blob } } as unknown as InternalAxiosRequestConfig;

/** What `axios.getAdapter` looks at in a config, with a fetch function that records. */
export function withRecordingFetch(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
  const env = config.env ?? {};
  const own = env.fetch;
  if (own === undefined) return env.Request || env.Response ? { ...config, env: { ...env, fetch: globalRecorder } } : globalEnv;
  let recorder = recorders.get(own);
  if (recorder === undefined) {
    recorder = recording(own);
    recorders.set(own, recorder);
  }
  return { ...config, env: { ...env, fetch: recorder } };
}

export function answerTo(request: unknown): { redirected: boolean; url: string } | undefined {
  return typeof request === "object" && request !== null ? answers.get(request) : undefined;
}
