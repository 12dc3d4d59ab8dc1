import { inspect } from "node:util";
import {
  clientSecretBasic,
  createOAuthClient,
  type AuthorizationRequest,
  type OAuthClient,
  type OAuthClientOptions,
} from "@tokenflight/oauth";
import { describe, expect, it } from "vitest";
import { failureOf } from "./call.ts";
import { always, startOddServer, type OddServer } from "./odd-server.ts";

const request: AuthorizationRequest = { redirectUri: "https://app.example/callback", scope: "openid read", resource: ["urn:a", "urn:b"] };

interface Setting {
  readonly server: OddServer;
  readonly client: OAuthClient;
}

/** A server whose endpoint for pushed requests answers like this; the metadata may say more. */
async function startWith(answer: [status: number, body: unknown], options: Partial<OAuthClientOptions> = {}): Promise<Setting> {
  const server = await startOddServer(always(...answer));
  const client = createOAuthClient({
    tokenEndpoint: server.tokenEndpoint,
    authorizationEndpoint: `${server.origin}/authorize?tenant=1`,
    pushedAuthorizationRequestEndpoint: `${server.origin}/par`,
    pushAuthorizationRequests: true,
    clientId: "id",
    clientAuth: clientSecretBasic("canary-secret"),
    ...options,
  });
  return { server, client };
}

it("sends the request with the client's authentication, and a reference to it goes through the browser (RFC 9126)", async () => {
  const { server, client } = await startWith([201, { request_uri: "urn:r:1", expires_in: 90 }]);
  const before = Date.now();
  const { url, pending, openBefore = 0 } = await client.authorizationUrl(request);
  expect(url).toBe(`${server.origin}/authorize?tenant=1&client_id=id&request_uri=urn%3Ar%3A1`);
  expect(Math.abs(openBefore - before - 90_000)).toBeLessThan(5000);
  const [pushed] = server.received;
  expect(pushed).toMatchObject({ method: "POST", path: "/par", headers: { authorization: expect.stringMatching(/^Basic /) } });
  const { state, nonce = "", redirectUri } = pending;
  expect([...(pushed?.form ?? [])].toSorted()).toEqual(
    [
      ["client_id", "id"],
      ["code_challenge", expect.any(String) as string],
      ["code_challenge_method", "S256"],
      ["nonce", nonce],
      ["redirect_uri", redirectUri],
      ["resource", "urn:a"],
      ["resource", "urn:b"],
      ["response_type", "code"],
      ["scope", "openid read"],
      ["state", state],
    ].toSorted(),
  );
});

it.each([
  ["none", undefined, 60],
  ["no number", "soon", 60],
  ["nothing", 0, 60],
  ["a year", 31_536_000, 86_400],
  ["a number in a text", "30", 30],
])("for a lifetime that is %s there is a sensible one", async (_, expires_in, seconds) => {
  const { client } = await startWith([201, { request_uri: "urn:r:1", expires_in }]);
  const before = Date.now();
  const { openBefore = 0 } = await client.authorizationUrl(request);
  expect(Math.abs(openBefore - before - seconds * 1000)).toBeLessThan(5000);
});

describe("an answer without a reference is an error, which shows nothing of the request:", () => {
  it.each<[string, [number, unknown], object]>([
    ["a refusal", [400, { error: "invalid_request", error_description: "No." }], { outcome: "refused", error: "invalid_request" }],
    ["an unknown client", [401, { error: "invalid_client" }], { outcome: "refused", error: "invalid_client" }],
    ["a request for a pause", [429, ""], { outcome: "throttled" }],
    ["trouble", [500, "oops"], { outcome: "unknown" }],
    ["no JSON", [201, "<html>"], { outcome: "unknown" }],
    ["an empty object", [201, {}], { outcome: "unknown" }],
    ["no text", [201, { request_uri: 1 }], { outcome: "unknown" }],
    ["a very long one", [201, { request_uri: `urn:${"x".repeat(5000)}` }], { outcome: "unknown" }],
    ["an error beside it", [200, { request_uri: "urn:r:1", error: "invalid_scope" }], { error: "invalid_scope" }],
  ])("%s", async (_, answer, expected) => {
    const { server, client } = await startWith(answer);
    const error = await failureOf(client.authorizationUrl(request));
    expect(error).toMatchObject({ name: "TokenRequestError", ...expected });
    const { form } = server.received[0] ?? {};
    const secrets = ["canary-secret", form?.get("state") ?? "-", form?.get("nonce") ?? "-"];
    expect(secrets.filter((secret) => inspect(error, { depth: 9, showHidden: true }).includes(secret))).toEqual([]);
  });

  it("one that repeats what is secret in it", async () => {
    const server = await startOddServer((response, incoming, received) => {
      const said = `state ${received.form.get("state")}, nonce ${received.form.get("nonce")}`;
      always(400, { error: "invalid_request", error_description: said })(response, incoming, received);
    });
    const { client } = await startWith([200, {}], { pushedAuthorizationRequestEndpoint: `${server.origin}/par` });
    const error = await failureOf(client.authorizationUrl(request));
    const { form } = server.received[0] ?? {};
    expect(inspect(error, { depth: 9 })).not.toContain(form?.get("state"));
    expect(inspect(error, { depth: 9 })).not.toContain(form?.get("nonce"));
  });
});

it("where the metadata requires it and names no endpoint, nobody is sent to a browser", async () => {
  const issuer = await startOddServer((response, incoming, received) => {
    const origin = `http://${incoming.headers.host}`;
    const metadata = { issuer: origin, token_endpoint: `${origin}/token`, authorization_endpoint: `${origin}/authorize` };
    always(200, { ...metadata, require_pushed_authorization_requests: true })(response, incoming, received);
  });
  const client = createOAuthClient({
    issuer: issuer.origin,
    clientId: "id",
    clientAuth: clientSecretBasic("s"),
    pushAuthorizationRequests: false,
  });
  const error = await failureOf(client.authorizationUrl(request));
  expect(error).toMatchObject({ outcome: "not-sent", message: expect.stringContaining("pushed_authorization_request_endpoint") });
});
