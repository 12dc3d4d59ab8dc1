import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { AnswerHold, type AnswerMatcher } from "./answer-hold.ts";
import { jsonAnswer, sendAnswer, type Answer } from "./answer.ts";
import { startLoopback, type Loopback } from "./loopback.ts";
import { readBody, type ReadBody } from "./read-body.ts";
import { RequestCounters, authorizationKindOf, type RequestCounts, type ResourceRequest } from "./resource-requests.ts";

export interface ResourceApiOptions {
  /** Asks the server that issued a token whether it is good. */
  isActive: (accessToken: string) => boolean | Promise<boolean>;
  /** Whether the Authorization header says Bearer before the token, or holds the token alone (Talkdesk STS). Default "Bearer". */
  scheme?: "Bearer" | "bare";
  /** Whether every request is kept; counters always are. Default true. */
  record?: boolean;
}

/**
 * An API that takes tokens. With a good one it answers 200 and what it got: `{ method, url, client, body, bodyLength, bodySha256 }`.
 * `/redirect?to=<url>&status=<code>` redirects, `/status/<code>?challenge=<WWW-Authenticate>` answers with that status, and
 * `/slow?ms=<time>` takes its time; all of them want a good token.
 */
export interface ResourceApi extends Loopback {
  /** Every request since the start or the last reset, in the order in which they were whole. */
  readonly requests: readonly ResourceRequest[];
  readonly total: Readonly<RequestCounts>;
  /** The counters of one `x-client`. */
  counts(client: string): Readonly<RequestCounts>;
  /** Refuses this token from now on, although its issuer would not. */
  refuseToken(accessToken: string): void;
  /** Refuses every token from now on, or stops doing so. */
  refuseAll(refuse?: boolean): void;
  /** Keeps back the answers to matching requests, by default to all. Whether they are refused is decided when they arrive. */
  hold(matches?: AnswerMatcher): AnswerHold;
  /** Forgets requests, counters and refusals, and releases what is held. */
  reset(): void;
}

const longestBody = 16 * 1024 * 1024;

export async function startResourceApi({ isActive, scheme = "Bearer", record = true }: ResourceApiOptions): Promise<ResourceApi> {
  const counters = new RequestCounters();
  const requests: ResourceRequest[] = [];
  const refusedTokens = new Set<string>();
  const holds = new Set<AnswerHold>();
  let refusing = false;

  const takes = async (request: IncomingMessage): Promise<boolean> => {
    const token = tokenIn(request.headers.authorization, scheme);
    return token !== undefined && !refusing && !refusedTokens.has(token) && isActive(token);
  };

  const loopback = await startLoopback(() => async (request, response) => {
    const client = header(request, "x-client") ?? "";
    counters.count(client, "requests");
    // Decided by the header, as real servers do: a token that ends while a slow body arrives was good.
    const taken = takes(request);
    const body = await readBody(request, longestBody);
    const answer = answerTo(request, await taken, body);
    if (answer.status === 401 && body.end !== "cut") counters.count(client, "refused");

    if (record || holds.size > 0) {
      const seen = describe(request, body, answer.status);
      if (record) requests.push(seen);
      for (const hold of holds) {
        if (hold.done) holds.delete(hold);
        else await hold.pass(seen);
      }
    }
    if (request.url?.startsWith("/slow?")) await sleep(Number(queryOf(request.url).get("ms")), undefined, { ref: false });
    if (body.end === "cut") response.destroy();
    else await sendAnswer(response, answer);
  });

  return {
    ...loopback,
    requests,
    total: counters.total,
    counts: (client) => counters.of(client),
    refuseToken(accessToken) {
      refusedTokens.add(accessToken);
    },
    refuseAll(refuse = true) {
      refusing = refuse;
    },
    hold(matches = () => true) {
      const hold = new AnswerHold(matches);
      holds.add(hold);
      return hold;
    },
    reset() {
      requests.length = 0;
      counters.reset();
      refusedTokens.clear();
      refusing = false;
      for (const hold of holds) hold.release();
      holds.clear();
    },
  };
}

function tokenIn(authorization: string | undefined, scheme: "Bearer" | "bare"): string | undefined {
  if (authorization === undefined) return undefined;
  const kind = authorizationKindOf(authorization);
  if (scheme === "bare") return kind === "bare" ? authorization : undefined;
  return kind === "bearer" ? authorization.slice("bearer ".length) : undefined;
}

const refusal = jsonAnswer(
  401,
  { code: "unauthorized", message: "The access token is missing, unknown, expired or revoked." },
  { "www-authenticate": 'Bearer error="invalid_token"' },
);

function answerTo(request: IncomingMessage, taken: boolean, body: ReadBody): Answer {
  // Node keeps the first of several Authorization headers, and a client that sends two has a fault that must show.
  if ((request.headersDistinct.authorization?.length ?? 0) > 1) return problem(400, "There is more than one Authorization header.");
  if (!taken) return refusal;
  if (body.end === "too-large") return { ...problem(413, "The body is too large."), headers: { connection: "close" } };
  const url = request.url ?? "/";
  if (url.startsWith("/redirect?")) {
    const query = queryOf(url);
    return { status: Number(query.get("status") ?? 302), headers: { location: query.get("to") ?? "/" } };
  }
  if (!url.startsWith("/status/")) return echo(request, 200, body);
  const challenge = queryOf(url).get("challenge");
  const answer = echo(request, Number.parseInt(url.slice("/status/".length), 10), body);
  return challenge === null ? answer : { ...answer, headers: { ...answer.headers, "www-authenticate": challenge } };
}

function problem(status: number, message: string): Answer {
  return jsonAnswer(status, { code: String(status), message });
}

function echo(request: IncomingMessage, status: number, { bytes, sha256 }: ReadBody): Answer {
  const { method, url } = request;
  const client = header(request, "x-client") ?? "";
  return jsonAnswer(status, { method, url, client, body: bytes.toString(), bodyLength: bytes.length, bodySha256: sha256 });
}

function describe(request: IncomingMessage, { bytes, sha256, end }: ReadBody, status: number): ResourceRequest {
  const { authorization } = request.headers;
  return {
    id: header(request, "x-request-id"),
    client: header(request, "x-client") ?? "",
    method: request.method ?? "",
    url: request.url ?? "",
    authorization,
    authorizationKind: authorizationKindOf(authorization),
    status: end === "cut" ? undefined : status,
    bodyLength: bytes.length,
    bodySha256: sha256,
  };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function queryOf(url: string): URLSearchParams {
  const mark = url.indexOf("?");
  return new URLSearchParams(mark < 0 ? "" : url.slice(mark));
}
