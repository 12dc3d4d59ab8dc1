import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { TokenCache } from "@tokenflight/core";
import { startSession, type Session, type SessionOptions } from "../end-to-end/session.ts";
import { jsonAnswer, sendAnswer, type Answer } from "../servers/answer.ts";
import { startLoopback } from "../servers/loopback.ts";
import { readBody } from "../servers/read-body.ts";

/** A request with everything that came over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly bodySha256: string;
  readonly token: string | undefined;
  /** Whether its token was good when it arrived. */
  readonly isGood: boolean;
  /** Counts from 1: the connection that it came on. */
  readonly socket: number;
}

/** What the API says to a request. Undefined: nothing more than was written to the response already. */
export type Answering = (request: WireRequest, response: ServerResponse) => Answer | undefined | Promise<Answer | undefined>;

/** An API whose answers a test writes. */
export interface WireApi extends AsyncDisposable {
  readonly origin: string;
  readonly requests: readonly WireRequest[];
  /** How many connections requests came on. */
  readonly sockets: number;
  answer: Answering;
}

export const refusal = jsonAnswer(401, { code: "unauthorized" }, { "www-authenticate": 'Bearer error="invalid_token"' });

/** 200 with what arrived for a good token, 401 for another. */
export const usual: Answering = ({ isGood, method, url, body }) =>
  isGood ? jsonAnswer(200, { method, url, body: body.toString() }) : refusal;

/** A refusal whose body has that many bytes; the length is told ahead unless `chunked`. */
export function longRefusal(length: number, chunked = false): Answer {
  const headers = { "www-authenticate": 'Bearer error="invalid_token"' };
  const body = Buffer.alloc(length, "refused ");
  return { status: 401, headers: chunked ? headers : { ...headers, "content-length": length }, body };
}

export async function startWireApi(isActive: (token: string) => boolean, answer: Answering = usual): Promise<WireApi> {
  const requests: WireRequest[] = [];
  const sockets = new Map<IncomingMessage["socket"], number>();
  const api = { requests, answer, sockets: 0 };
  const loopback = await startLoopback(() => async (request, response) => {
    if (!sockets.has(request.socket)) sockets.set(request.socket, (api.sockets += 1));
    const { method = "", url = "", headers } = request;
    const token = headers.authorization?.replace(/^bearer /i, "");
    const isGood = token !== undefined && isActive(token);
    const { bytes: body, sha256: bodySha256 } = await readBody(request, 2 ** 26);
    const seen = { method, url, headers, body, bodySha256, token, isGood, socket: sockets.get(request.socket) ?? 0 };
    requests.push(seen);
    const said = await api.answer(seen, response);
    if (said !== undefined) await sendAnswer(response, said);
  });
  return Object.assign(api, { origin: loopback.origin, [Symbol.asyncDispose]: loopback.close });
}

/** A user who is logged in, and an API that keeps what came over the wire. */
export interface WireSession extends Session {
  readonly wire: WireApi;
  /** Ends the access token that everybody has: the next request that has it is refused. */
  readonly revoke: () => Promise<void>;
}

export async function startWireSession(options: SessionOptions & { answer?: Answering } = {}): Promise<WireSession> {
  const session = await startSession(options);
  const { server, tokens } = session;
  const wire = await startWireApi((token) => server.isActive(token), options.answer);
  return {
    ...session,
    wire,
    async revoke() {
      server.revokeAccessToken((await tokens.get()).accessToken);
    },
    async [Symbol.asyncDispose]() {
      await wire[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
    },
  };
}

/** What a call that must fail fails with. */
export async function rejectionOf(call: PromiseLike<unknown>): Promise<Error> {
  const [outcome] = await Promise.allSettled([call]);
  if (outcome.status === "fulfilled") throw new Error("The call succeeded.");
  return outcome.reason as Error;
}

/** The token that the cache gives now. */
export async function currentToken(tokens: TokenCache): Promise<string> {
  return (await tokens.get()).accessToken;
}

/** The bytes of a multipart body, but for the boundary that is drawn anew each time that a form is serialised. */
export function withoutBoundary({ headers, body }: WireRequest): string {
  const boundary = /boundary=(.*)$/.exec(headers["content-type"] ?? "")?.[1];
  if (boundary === undefined) throw new Error("This is no multipart body.");
  return body.toString("latin1").replaceAll(boundary, "boundary");
}
