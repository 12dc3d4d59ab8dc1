/** What becomes of one request, in place of an answer with tokens. */
export type Scripted = (sent: string) => Response | Promise<Response>;

/** A refresh, as a server sees it. */
export interface SeenRefresh {
  readonly refreshToken: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** The strictest of token endpoints: a refresh token works once, and a second use ends everything. Its fetch function takes whatever fetch takes. */
export class TokenServer {
  readonly seen: SeenRefresh[] = [];
  /** Requests that were no refresh. */
  readonly others: Request[] = [];
  /** For the next requests, one after the other. They use nothing up. */
  readonly next: Scripted[] = [];
  /** Is awaited before each answer. */
  before: () => Promise<void> = async () => {};
  /** What an answer says beside its tokens. */
  fields: Readonly<Record<string, unknown>> = { token_type: "Bearer", expires_in: 3600 };
  rotates = true;
  hasEnded = false;
  #issued = 0;
  readonly #used = new Set<string>();

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const body = await request.clone().text();
    const refreshToken = /multipart/.test(request.headers.get("content-type") ?? "")
      ? (((await request.formData()).get("refresh_token") as string | null) ?? "")
      : refreshTokenIn(body);
    if (refreshToken === "") {
      this.others.push(request);
      return Response.json({ ok: true });
    }
    this.seen.push({ refreshToken, url: request.url, headers: request.headers, body });
    await this.before();
    return (await this.next.shift()?.(refreshToken)) ?? this.#refresh(refreshToken);
  };

  /** The refresh tokens that were sent, in their order. */
  get sent(): string[] {
    return this.seen.map(({ refreshToken }) => refreshToken);
  }

  #refresh(refreshToken: string): Response {
    if (this.rotates && this.#used.has(refreshToken)) this.hasEnded = true;
    this.#used.add(refreshToken);
    if (this.hasEnded) return Response.json({ error: "invalid_grant" }, { status: 400 });
    this.#issued += 1;
    return Response.json({
      access_token: `access-${this.#issued}`,
      ...(this.rotates && { refresh_token: `refresh-${this.#issued}` }),
      ...this.fields,
    });
  }
}

function refreshTokenIn(body: string): string {
  if (body.startsWith("{")) return (JSON.parse(body) as { refresh_token?: string }).refresh_token ?? "";
  return new URLSearchParams(body).get("refresh_token") ?? "";
}
