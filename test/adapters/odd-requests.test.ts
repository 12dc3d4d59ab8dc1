import { bearer, type FetchFunction } from "@tokenflight/fetch";
import { bearer as kyBearer } from "@tokenflight/ky";
import makeFetchCookie from "fetch-cookie";
import ky, { type Options } from "ky";
import { fetch as undiciFetch } from "undici";
import { oddRequests, type OddCall, type OddClient } from "./odd-requests.ts";

const initOf = ({ method, body, headers }: OddCall): RequestInit =>
  ({ method, ...(headers === undefined ? {} : { headers }), ...(body === undefined ? {} : { body, duplex: "half" }) }) as RequestInit;

const fetchClient = (name: string, beneath: () => unknown, inRequest = false): OddClient => ({
  name,
  connect(tokens, origin) {
    const network = beneath() as FetchFunction;
    const fetch = tokens === undefined ? network : bearer(tokens, { origins: origin })(network);
    return async (call) => {
      const init = initOf(call);
      const response = await (inRequest ? fetch(new Request(origin + call.path, init)) : fetch(origin + call.path, init));
      await response.arrayBuffer();
      return response.status;
    };
  },
});

const kyClient: OddClient = {
  name: "ky",
  connect(tokens, origin) {
    const plain = ky.create({ retry: 0, throwHttpErrors: false, timeout: false });
    const api = tokens === undefined ? plain : plain.extend(kyBearer(tokens, { origins: origin }));
    return async (call) => {
      const response = await api(origin + call.path, initOf(call) as Options);
      await response.arrayBuffer();
      return response.status;
    };
  },
};

for (const client of [
  fetchClient("fetch", () => globalThis.fetch),
  fetchClient("fetch with a Request", () => globalThis.fetch, true),
  fetchClient("fetch over undici's", () => undiciFetch),
  fetchClient("fetch with a Request over fetch-cookie", () => makeFetchCookie(globalThis.fetch), true),
  kyClient,
])
  oddRequests(client);
