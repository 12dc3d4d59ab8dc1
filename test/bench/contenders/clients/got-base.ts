import { Agent } from "node:http";
import { Readable } from "node:stream";
import got, { type ExtendOptions, type Got } from "got";
import type { Send, Setting } from "./client-contender.ts";
import { connections } from "./connections.ts";
import { stubBody, stubHeaders } from "./stub-answer.ts";

/** got has no transport to replace, but takes a function in the place of `http.request`, which may give the response at once. */
function stubRequest(): ReturnType<NonNullable<ExtendOptions["request"]>> {
  const response = Readable.from([Buffer.from(stubBody)], { objectMode: false });
  return Object.assign(response, { statusCode: 200, headers: { ...stubHeaders }, rawHeaders: [], complete: true }) as never;
}

/** A got instance as every got contender begins with. None retries anything by itself. */
export function gotInstance({ inProcess }: Setting, headers: Record<string, string> = {}): Got {
  const transport = inProcess
    ? { request: () => stubRequest() }
    : { agent: { http: new Agent({ keepAlive: true, maxSockets: connections() }) } };
  return got.extend({ headers, retry: { limit: 0 }, ...transport });
}

export function sendWith(instance: Got, origin: string): Send {
  return (path, body) => (body === undefined ? instance.get(`${origin}${path}`) : instance.post(`${origin}${path}`, { body })).json();
}
