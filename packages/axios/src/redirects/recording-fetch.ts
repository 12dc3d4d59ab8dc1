import { hasOwn, type Redirect } from "@tokenflight/core";
import { isKnownFetch } from "@tokenflight/core/fetch";
import type { InternalAxiosRequestConfig } from "axios";
import { follow, redirectOf, type Fetch } from "./following-fetch.ts";

type Env = InternalAxiosRequestConfig["env"];

/** Which redirects a request of axios's fetch adapter went through. The adapter itself does not tell. */
const answered = new WeakMap<object, Redirect>();

/** What is put in the place of a fetch function: it tells of redirects. */
interface Recorders {
  /** Undefined for what is at `globalThis.fetch` when it is called. */
  readonly beneath: Fetch | undefined;
  readonly plain: Fetch;
  /** Follows redirects itself, and takes no token to another origin. */
  readonly following: Fetch;
  /** The same for a body that can be read once. */
  readonly followingOnce: Fetch;
}

// There is one of each per fetch function, because axios keeps every function that it is given here for good.
const recorders = new WeakMap<object, Recorders>();
const ofGlobal = recordersAround(undefined);

function recordersAround(beneath: Fetch | undefined): Recorders {
  const fetch: Fetch = beneath ?? ((input, init) => globalThis.fetch(input, init));
  const following =
    (isForOnce: boolean): Fetch =>
    async (input, init) => {
      const { response, redirect } = await follow(fetch, isForOnce, [input, init]);
      if (typeof input === "object") answered.set(input, redirect);
      return response;
    };
  const made: Recorders = {
    beneath,
    plain: async (input, init) => {
      const response = await fetch(input, init);
      if (typeof input === "object") answered.set(input, redirectOf(response));
      return response;
    },
    following: following(false),
    followingOnce: following(true),
  };
  for (const one of [made.plain, made.following, made.followingOnce]) recorders.set(one, made);
  return made;
}

/** The `env` of a config, with a fetch function that records. Before axios 1.12 it is not looked at. */
export function recordingEnv(env: Env, kind: "following" | "followingOnce" | "plain" = "plain"): NonNullable<Env> {
  return { ...env, fetch: recordersOf(fetchOf(env))[kind] };
}

/** Its own one, as nothing is taken from a polluted prototype. */
function fetchOf(env: Env): Fetch | null | undefined {
  return env != null && hasOwn(env, "fetch") ? env.fetch : undefined;
}

/** Those around a function, or around what one of them is around. */
function recordersOf(fetch: Fetch | null | undefined): Recorders {
  if (fetch == null) return ofGlobal;
  let found = recorders.get(fetch);
  if (found === undefined) {
    found = recordersAround(fetch);
    recorders.set(fetch, found);
  }
  return found;
}

/**
 * Whether every function that may send a request with this `env` takes the token off at another origin by itself. Before axios 1.12 it is the global one in any
 * case.
 */
export function isKnownEnv(env: Env): boolean {
  const { beneath } = recordersOf(fetchOf(env));
  return isKnownFetch(globalThis.fetch) && (beneath === undefined || isKnownFetch(beneath));
}

/** The redirects of a request; undefined for one that was sent without our function. */
export function redirectsOf(request: object): Redirect | undefined {
  return answered.get(request);
}
