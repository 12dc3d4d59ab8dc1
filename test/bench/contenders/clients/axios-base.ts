import { Agent } from "node:http";
import axios, { AxiosHeaders, type AxiosAdapter, type AxiosInstance } from "axios";
import { connections } from "./connections.ts";
import type { Send, Setting } from "./client-contender.ts";
import { stubBody, stubHeaders } from "./stub-answer.ts";

/** What axios's own adapters give, without the network. */
const stubAdapter: AxiosAdapter = async (config) => ({
  data: stubBody,
  status: 200,
  statusText: "OK",
  headers: new AxiosHeaders(stubHeaders),
  config,
  request: {},
});

/** An axios instance as every axios contender begins with. */
export function axiosInstance({ origin, inProcess }: Setting, headers: Record<string, string> = {}): AxiosInstance {
  if (inProcess) return axios.create({ baseURL: origin, headers, adapter: stubAdapter });
  return axios.create({ baseURL: origin, headers, httpAgent: new Agent({ keepAlive: true, maxSockets: connections() }) });
}

export function sendWith(instance: AxiosInstance): Send {
  return (path, body) => (body === undefined ? instance.get(path) : instance.post(path, body));
}
