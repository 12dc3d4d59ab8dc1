import { axiosByFetch, axiosByHttp, axiosLowestByHttp } from "./axios.ts";
import type { ClientUnderTest } from "./client-under-test.ts";
import { fetchOverFetchCookie, fetchOverNodeFetch, fetchWithInit, fetchWithRequest } from "./fetch.ts";
import { gotLowest, gotLowestStream, gotPagination, gotPromise, gotStream } from "./got.ts";
import { kyAlone, kyLowest, kyOverFetchCookie, kyWithRetries } from "./ky.ts";
import { undiciComposed, undiciLowest, undiciRequest, undiciStream } from "./undici.ts";

export {
  tokenErrorIn,
  type ClientUnderTest,
  type CommonOptions,
  type Outcome,
  type Outgoing,
  type Send,
  type Tokens,
} from "./client-under-test.ts";

/** Each client in its plainest use. */
export const clients: readonly ClientUnderTest[] = [axiosByHttp, axiosByFetch, gotPromise, kyAlone, fetchWithInit, undiciRequest];

/** Every way in which a client is used, for the adapter contract. */
export const waysOf = {
  axios: [axiosByHttp, axiosByFetch, axiosLowestByHttp],
  got: [gotPromise, gotPagination, gotStream, gotLowest, gotLowestStream],
  ky: [kyAlone, kyWithRetries, kyOverFetchCookie, kyLowest],
  fetch: [fetchWithInit, fetchWithRequest, fetchOverNodeFetch, fetchOverFetchCookie],
  undici: [undiciRequest, undiciStream, undiciComposed, undiciLowest],
} satisfies Readonly<Record<string, readonly ClientUnderTest[]>>;

export const waysOfUse: readonly ClientUnderTest[] = Object.values(waysOf).flat();
