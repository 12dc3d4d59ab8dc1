import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { startWireApi, type Answering, type WireApi } from "./wire-session.ts";

/** In every access token and refresh token that these tests have. */
export const canary = "kanarienvogel";

let number = 0;

/** Tokens with the canary in them; each renewal gives another one. */
export function canaryTokens(): TokenCache {
  return createTokenCache({
    source: async () => ({
      access_token: `${canary}-access-${(number += 1)}`,
      refresh_token: `${canary}-refresh-${number}`,
      id_token: `${canary}-id`,
    }),
  });
}

/** What a call with a token may come to. */
export interface CanaryCase {
  readonly name: string;
  readonly answer: Answering;
  /** The caller's own, in milliseconds. */
  readonly timeout?: number;
  /** Whether the caller leaves while the answer is awaited. */
  readonly abort?: boolean;
}

const challenge = { "www-authenticate": 'Bearer error="invalid_token"' };

export const canaryCases: readonly CanaryCase[] = [
  { name: "200", answer: () => ({ status: 200, body: "{}" }) },
  { name: "401, after a replay", answer: () => ({ status: 401, headers: challenge, body: "{}" }) },
  { name: "401 and 200", answer: refuseOnce() },
  { name: "403", answer: () => ({ status: 403, body: "{}" }) },
  { name: "500", answer: () => ({ status: 500, body: "no" }) },
  { name: "a connection that is reset", answer: (_request, response) => void response.destroy() },
  {
    name: "a body that breaks off",
    answer(_request, response) {
      response.writeHead(200, { "content-length": 100 }).write("a beginning");
      setTimeout(() => response.destroy(), 5);
      return undefined;
    },
  },
  { name: "an answer that is no HTTP", answer: (_request, response) => void response.socket?.end("kein HTTP\r\n\r\n") },
  { name: "too many redirects", answer: () => ({ status: 302, headers: { location: "/again" } }) },
  { name: "a redirect to nowhere", answer: () => ({ status: 302, headers: { location: "http://127.0.0.1:1/" } }) },
  { name: "a timeout", answer: () => undefined, timeout: 300 },
  { name: "an abort", answer: () => undefined, abort: true },
];

function refuseOnce(): Answering {
  let refused = false;
  return () => {
    refused = !refused;
    return refused ? { status: 401, headers: challenge } : { status: 200, body: "{}" };
  };
}

/** An API for a case, and a signal that ends the call as the case says. */
export async function startCanaryApi({ answer, timeout, abort }: CanaryCase): Promise<{ wire: WireApi; signal: AbortSignal | undefined }> {
  const leaving = new AbortController();
  const wire = await startWireApi(
    () => true,
    (request, response) => {
      if (abort === true) leaving.abort();
      return answer(request, response);
    },
  );
  return { wire, signal: timeout === undefined ? (abort === true ? leaving.signal : undefined) : AbortSignal.timeout(timeout) };
}
