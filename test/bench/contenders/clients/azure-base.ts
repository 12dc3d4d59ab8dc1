import { Agent } from "node:http";
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type Pipeline,
} from "@azure/core-rest-pipeline";
import type { Send, Setting } from "./client-contender.ts";
import { connections } from "./connections.ts";
import { stubBody, stubHeaders } from "./stub-answer.ts";

const stubClient: HttpClient = {
  async sendRequest(request) {
    return { request, status: 200, headers: createHttpHeaders({ ...stubHeaders }), bodyAsText: stubBody };
  },
};

/** The bearer policy insists on https, and the API of this comparison has none: below the policies, https becomes http. */
function withoutTls(client: HttpClient): HttpClient {
  return {
    sendRequest(request) {
      request.url = request.url.replace(/^https:/, "http:");
      request.allowInsecureConnection = true;
      return client.sendRequest(request);
    },
  };
}

/** Sends through the pipeline's policies. */
export function sendThrough(pipeline: Pipeline, { origin, inProcess }: Setting, headers: Record<string, string> = {}): Send {
  const client = inProcess ? stubClient : withoutTls(createDefaultHttpClient());
  const agent = new Agent({ keepAlive: true, maxSockets: connections() });
  const secure = origin.replace(/^http:/, "https:");
  return async (path) => {
    const request = createPipelineRequest({
      url: `${secure}${path}`,
      headers: createHttpHeaders(headers),
      ...(inProcess ? {} : { agent }),
    });
    const { status, bodyAsText } = await pipeline.sendRequest(client, request);
    if (status !== 200) throw new Error(`The API answered ${status}.`);
    return JSON.parse(bodyAsText ?? "") as unknown;
  };
}
