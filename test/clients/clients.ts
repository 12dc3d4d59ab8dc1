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
export const waysOfUse: readonly ClientUnderTest[] = [
  axiosByHttp,
  axiosByFetch,
  axiosLowestByHttp,
  gotPromise,
  gotPagination,
  gotStream,
  gotLowest,
  gotLowestStream,
  kyAlone,
  kyWithRetries,
  kyOverFetchCookie,
  kyLowest,
  fetchWithInit,
  fetchWithRequest,
  fetchOverNodeFetch,
  fetchOverFetchCookie,
  undiciRequest,
  undiciStream,
  undiciComposed,
  undiciLowest,
];
