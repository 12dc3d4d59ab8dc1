/** Written apart from the library, so that its way to authenticate is compared with another opinion. */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The pair as it is: what Talkdesk and many others compare. */
export function rawBasic({ clientId, clientSecret }: Credentials): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`;
}

/** Both parts form-encoded first (RFC 6749 section 2.3.1): what oidc-provider decodes. */
export function formEncodedBasic({ clientId, clientSecret }: Credentials): string {
  return rawBasic({ clientId: formEncode(clientId), clientSecret: formEncode(clientSecret) });
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  /** `access_token` and `refresh_token`, empty when missing. */
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** A plain token request over HTTP, for tests that have no use for the library here. */
export async function requestToken(tokenEndpoint: string, authorization: string, form: Record<string, string>): Promise<TokenAnswer> {
  const response = await fetch(tokenEndpoint, { method: "POST", headers: { authorization }, body: new URLSearchParams(form) });
  const body = (await response.json()) as Record<string, unknown>;
  const text = (name: string): string => (typeof body[name] === "string" ? body[name] : "");
  return {
    status: response.status,
    headers: response.headers,
    body,
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
  };
}

function formEncode(value: string): string {
  return new URLSearchParams({ value }).toString().slice("value=".length);
}
