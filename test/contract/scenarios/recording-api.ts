import type { IncomingMessage, ServerResponse } from "node:http";
import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { startLoopback } from "../../servers/loopback.ts";
import { readBody } from "../../servers/read-body.ts";

/** A request as it came over the wire. */
export interface Arrival {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** Whether all of the body came, and not only what had left before the client gave up. */
  readonly isWhole: boolean;
}

export interface RecordingApi extends AsyncDisposable {
  readonly origin: string;
  readonly arrivals: Arrival[];
}

/** An API that writes down what arrives. `answer` ends each response. */
export async function startRecordingApi(answer: (arrival: Arrival, response: ServerResponse) => unknown): Promise<RecordingApi> {
  const arrivals: Arrival[] = [];
  const loopback = await startLoopback(() => async (request, response) => {
    const { method = "", url = "", headers, rawHeaders } = request;
    const { bytes, end } = await readBody(request, 2 ** 26);
    const arrival = { method, url, headers, rawHeaders, body: bytes.toString(), isWhole: end === "whole" };
    arrivals.push(arrival);
    await answer(arrival, response);
  });
  return { origin: loopback.origin, arrivals, [Symbol.asyncDispose]: loopback.close };
}

/** Answers 401 to the tokens of these names, and to everybody else 200. */
export const refusing =
  (...names: string[]) =>
  ({ headers }: Arrival, response: ServerResponse): void => {
    const isRefused = names.some((name) => headers.authorization === `Bearer ${name}`);
    response.writeHead(isRefused ? 401 : 200, { "content-type": "text/plain" }).end(isRefused ? "refused" : "fine");
  };

/** A token cache whose tokens are called "1", "2" and so on, each there at the first `get`. */
export function countingTokens(): TokenCache & { obtained: () => number } {
  let count = 0;
  const tokens = createTokenCache({ source: async () => ({ access_token: String((count += 1)), expires_in: 3600 }) });
  return Object.assign(tokens, { obtained: () => count });
}
