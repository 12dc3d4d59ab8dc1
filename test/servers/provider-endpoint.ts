import type { Provider } from "@tokenflight/oauth/profiles";
import { startLoopback, type Loopback } from "./loopback.ts";
import type { ProviderAnswer, ProviderAnswers } from "./provider-answers.ts";
import { readBody } from "./read-body.ts";

/** Changes the fields of the next good answer, or its status. */
export interface Oddity {
  readonly status?: number;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** A token endpoint that answers as one provider does. It takes the last refresh token that it gave, and no other. */
export interface ProviderEndpoint extends Loopback {
  readonly tokenEndpoint: string;
  /** The refresh token that works. */
  readonly current: string;
  /** The refresh tokens that came. */
  readonly sent: readonly string[];
  /** What the next requests get, in place of tokens. Undefined: tokens. */
  mood: ProviderAnswer | undefined;
  odd: Oddity;
}

export async function startProvider({ profile }: Provider, answers: ProviderAnswers): Promise<ProviderEndpoint> {
  const { rotation = "always", lifetime = 3600, requestFormat = "form", askFor, tokenParameters } = profile;
  const sent: string[] = [];
  let given = 0;
  let current = "refresh-0";
  const endpoint = { mood: undefined as ProviderAnswer | undefined, odd: {} as Oddity };

  function answerTo(fields: ReadonlyMap<string, unknown>, contentType: string): ProviderAnswer {
    const isLogin = fields.get("grant_type") === "authorization_code";
    const wanted = { ...tokenParameters, ...askFor?.tokenParameters };
    const isJson = contentType.startsWith("application/json");
    if (isJson !== (requestFormat === "json")) return { status: 415, body: "Unsupported media type" };
    if (Object.entries(wanted).some(([name, value]) => fields.get(name) !== value))
      return { status: 400, body: { error: "unsupported_request" } };
    const refreshToken = fields.get("refresh_token");
    if (!isLogin) {
      sent.push(String(refreshToken));
      if (endpoint.mood !== undefined) return endpoint.mood;
      if (refreshToken !== current) return answers.dead;
    }
    given += 1;
    const isNew = isLogin || rotation !== "never";
    if (isNew) current = `refresh-${given}`;
    const tokens = {
      access_token: `access-${given}`,
      token_type: "Bearer",
      expires_in: lifetime,
      ...(isNew ? { refresh_token: current } : {}),
      ...answers.fields,
      ...endpoint.odd.fields,
    };
    const { refreshed = (all: object) => all } = answers;
    const body = isLogin ? (answers.loggedIn ?? refreshed)(tokens) : refreshed(tokens);
    return { status: endpoint.odd.status ?? 200, body };
  }

  const server = await startLoopback(() => async (request, response) => {
    const text = (await readBody(request, 16_384)).bytes.toString();
    const contentType = request.headers["content-type"] ?? "";
    const fields = contentType.startsWith("application/json") ? Object.entries(JSON.parse(text) as object) : [...new URLSearchParams(text)];
    const { status, body, headers } = answerTo(new Map<string, unknown>(fields), contentType);
    response.writeHead(status, { ...(typeof body === "string" ? {} : { "content-type": "application/json" }), ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  return {
    ...server,
    tokenEndpoint: `${server.origin}/token`,
    sent,
    get current() {
      return current;
    },
    get mood() {
      return endpoint.mood;
    },
    set mood(mood) {
      endpoint.mood = mood;
    },
    get odd() {
      return endpoint.odd;
    },
    set odd(odd) {
      endpoint.odd = odd;
    },
  };
}
