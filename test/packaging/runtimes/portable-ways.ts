/** The clients that are there wherever there is fetch. */
import { attachBearer } from "@tokenflight/axios";
import { bearer as fetchBearer } from "@tokenflight/fetch";
import { bearer as kyBearer } from "@tokenflight/ky";
import axios from "axios";
import ky from "ky";
import type { Attach, Way } from "./contract.ts";

const overFetch: Attach = (tokens, origin) => {
  const send = fetchBearer(tokens, { origins: origin })(fetch);
  return async (url, body) => {
    const response = await send(url, body === undefined ? {} : { method: "POST", body });
    return { status: response.status, text: await response.text() };
  };
};

const overFetchWithRequest: Attach = (tokens, origin) => {
  const send = fetchBearer(tokens, { origins: origin })(fetch);
  return async (url, body) => {
    const response = await send(new Request(url, body === undefined ? {} : { method: "POST", body }));
    return { status: response.status, text: await response.text() };
  };
};

const overKy: Attach = (tokens, origin) => {
  const send = ky.create({ retry: 0, throwHttpErrors: false }).extend(kyBearer(tokens, { origins: origin }));
  return async (url, body) => {
    const response = await (body === undefined ? send.get(url) : send.post(url, { body }));
    return { status: response.status, text: await response.text() };
  };
};

/** With one of axios's own adapters. */
export function overAxios(adapter: "fetch" | "http" | "xhr"): Attach {
  return (tokens, origin) => {
    const api = axios.create({ adapter, responseType: "text", transformResponse: [], validateStatus: () => true });
    attachBearer(api, tokens, { origins: origin });
    return async (url, body) => {
      const { status, data } = await api.request<string>(body === undefined ? { url } : { url, method: "POST", data: body });
      return { status, text: data };
    };
  };
}

export const portableWays: Readonly<Record<string, Way>> = {
  "fetch, client credentials": { attach: overFetch },
  "fetch, refresh token": { attach: overFetch, grant: "refresh token" },
  "fetch with a Request": { attach: overFetchWithRequest },
  ky: { attach: overKy },
  "axios, fetch": { attach: overAxios("fetch") },
};
