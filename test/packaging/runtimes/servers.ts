import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { startLoopback } from "../../servers/loopback.ts";

/** What the servers saw of one client. */
export interface Seen {
  tokenRequests: number;
  /** Token requests with a refresh token that was used up, or is none. */
  refusedRefreshes: number;
  /** How often each path of the API was asked for. */
  readonly sent: Map<string, number>;
  /** Requests to the foreign origin, and which of them had a token. */
  foreign: number;
  leaked: number;
}

export interface ContractServers extends AsyncDisposable {
  readonly origin: string;
  readonly foreign: string;
  seen(name: string): Seen;
}

interface Account extends Seen {
  generation: number;
  isRevoked: boolean;
}

const allowed = {
  "access-control-allow-origin": "*",
  // axios's fetch adapter sends a User-Agent, and Firefox lets it.
  "access-control-allow-headers": "authorization, content-type, user-agent",
  "access-control-expose-headers": "www-authenticate",
};

/** As an API that pages of other origins may ask. */
function answersPreflight({ method }: IncomingMessage, response: ServerResponse): boolean {
  for (const [name, value] of Object.entries(allowed)) response.setHeader(name, value);
  if (method === "OPTIONS") response.writeHead(204).end();
  return method === "OPTIONS";
}

/** A token endpoint with strict rotation and an API, with an account for each client, which is the first part of a path; and an origin that may see no token. */
export async function startContractServers(): Promise<ContractServers> {
  const accounts = new Map<string, Account>();
  const seen = (name: string): Account => {
    const account = accounts.get(name);
    if (account !== undefined) return account;
    const made = {
      tokenRequests: 0,
      refusedRefreshes: 0,
      sent: new Map<string, number>(),
      foreign: 0,
      leaked: 0,
      generation: 0,
      isRevoked: false,
    };
    accounts.set(name, made);
    return made;
  };
  const split = ({ url = "" }: IncomingMessage): [string, string] => {
    const [, name = "", ...rest] = url.split("/");
    return [decodeURIComponent(name), rest.join("/")];
  };

  const foreign = await startLoopback(() => (request, response) => {
    if (answersPreflight(request, response)) return;
    const account = seen(split(request)[0]);
    account.foreign += 1;
    if (request.headers.authorization !== undefined) account.leaked += 1;
    response.end("foreign");
  });
  const api = await startLoopback(() => async (request, response) => {
    if (answersPreflight(request, response)) return;
    const [name, path] = split(request);
    const account = seen(name);
    const body = await text(request);
    const json = (status: number, answer: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    };
    if (path === "token") {
      account.tokenRequests += 1;
      const given = new URLSearchParams(body).get("refresh_token");
      if (given !== null && given !== `r-${account.generation}`) {
        account.refusedRefreshes += 1;
        return json(400, { error: "invalid_grant" });
      }
      account.generation += 1;
      account.isRevoked = false;
      const next = given === null ? {} : { refresh_token: `r-${account.generation}` };
      return json(200, { access_token: `a-${account.generation}`, token_type: "Bearer", expires_in: 3600, ...next });
    }
    if (path === "revoke") {
      account.isRevoked = true;
      return json(200, {});
    }
    account.sent.set(path, (account.sent.get(path) ?? 0) + 1);
    if (account.isRevoked || request.headers.authorization !== `Bearer a-${account.generation}`) {
      response.setHeader("www-authenticate", 'Bearer error="invalid_token"');
      return json(401, { error: "invalid_token" });
    }
    if (path === "redirect") {
      response.writeHead(302, { location: `${foreign.origin}/${encodeURIComponent(name)}/landed` }).end();
      return;
    }
    response.end(body);
  });
  return {
    origin: api.origin,
    foreign: foreign.origin,
    seen,
    async [Symbol.asyncDispose]() {
      await Promise.all([api.close(), foreign.close()]);
    },
  };
}
