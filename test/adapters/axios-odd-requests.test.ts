import { attachBearer } from "@tokenflight/axios";
import axios, { type AxiosRequestConfig } from "axios";
import { adapters } from "./axios-under-test.ts";
import { oddRequests, type OddClient } from "./odd-requests.ts";

const axiosWith = (adapter: string): OddClient => ({
  name: `axios with ${adapter}`,
  connect(tokens, origin) {
    const instance = axios.create({ baseURL: origin, adapter, validateStatus: null });
    if (tokens !== undefined) attachBearer(instance, tokens);
    return async ({ method, path, body, headers }) => {
      const config = { method, url: path, data: body, ...(headers === undefined ? {} : { headers }) } as AxiosRequestConfig;
      const { status } = await instance.request(config);
      return status;
    };
  },
});

for (const adapter of adapters) oddRequests(axiosWith(adapter));
