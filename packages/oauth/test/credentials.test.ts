import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "@tokenflight/core";
import {
  clientSecretPost,
  createOAuthClient,
  type ClientCredentials,
  type CurrentCredentials,
  type OAuthClientOptions,
} from "@tokenflight/oauth";
import { call, failureOf, tokenSetWith } from "./call.ts";
import { always, startOddServer, type OddServer } from "./odd-server.ts";

function credentialsOf(secret: string): ClientCredentials {
  return { clientId: `id-${secret}`, clientAuth: clientSecretPost(secret) };
}

/** Takes tokens of whoever has the right secret. */
function startPicky(right: string, refusal: object = { error: "invalid_client" }): Promise<OddServer> {
  return startOddServer((response, request, received) => {
    const knows = received.form.get("client_secret") === right;
    always(knows ? 200 : 401, knows ? { access_token: "a", refresh_token: "r2" } : refusal)(response, request, received);
  });
}

const secretsOf = ({ received }: OddServer): (string | null)[] => received.map(({ form }) => form.get("client_secret"));

it("asks for the credentials for each request, so that they can change while running", async () => {
  const server = await startOddServer(always(200, { access_token: "a" }));
  let current = "one";
  const credentials: CurrentCredentials = async () => credentialsOf(current);
  const source = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId: "app", credentials }).clientCredentials();
  await call(source);
  current = "two";
  await call(source);
  expect(server.received.map(({ form }) => form.get("client_id"))).toEqual(["id-one", "id-two"]);
  expect(JSON.parse(source.identity ?? "")).toContain("app");
});

it("goes on to the next set when the server does not know the client by the first", async () => {
  const server = await startPicky("old");
  const credentials = (): ClientCredentials[] => [credentialsOf("new"), credentialsOf("old"), credentialsOf("older")];
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId: "app", credentials });
  expect((await call(client.refreshToken(), { previous: tokenSetWith("r1") })).refreshToken).toBe("r2");
  expect(secretsOf(server)).toEqual(["new", "old"]);
});

it.each([
  ["the grant is refused", 400, { error: "invalid_grant" }],
  ["the server is in trouble", 500, {}],
  ["the server asks for a pause", 429, { error: "invalid_client" }],
])("stays with the first set when %s", async (_, status, body) => {
  const server = await startOddServer(always(status, body));
  const credentials = (): ClientCredentials[] => ["new", "old"].map((secret) => ({ ...credentialsOf(secret), clientId: "same" }));
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId: "app", credentials });
  expect(await failureOf(call(client.clientCredentials()))).toMatchObject({ status });
  expect(secretsOf(server)).toEqual(["new"]);
});

describe("a refresh token of the client before", () => {
  const tried = async (status: number, body: object): Promise<{ given: unknown; secrets: (string | null)[] }> => {
    const server = await startOddServer((response, request, received) => {
      const isOld = received.form.get("client_secret") === "old";
      always(isOld ? status : 400, isOld ? body : { error: "invalid_grant" })(response, request, received);
    });
    const credentials = (): ClientCredentials[] => [credentialsOf("new"), credentialsOf("old")];
    const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId: "app", credentials });
    const given = await call(client.refreshToken(), { previous: tokenSetWith("r1") }).catch((error: unknown) => error);
    return { given, secrets: secretsOf(server) };
  };

  it("is used as that client's", async () => {
    const { given, secrets } = await tried(200, { access_token: "a", refresh_token: "r2" });
    expect([given, secrets]).toMatchObject([{ refreshToken: "r2" }, ["new", "old"]]);
  });

  it.each<[string, number, object, string]>([
    ["is over when it is dead there, too", 400, { error: "invalid_grant" }, "ERR_LOGIN_REQUIRED"],
    ["is over when that client is dead", 401, { error: "invalid_client" }, "ERR_LOGIN_REQUIRED"],
    ["is kept while nobody knows", 500, {}, "ERR_TOKEN_REQUEST_UNKNOWN"],
    ["is kept while the server asks for a pause", 429, {}, "ERR_TOKEN_REQUEST_THROTTLED"],
  ])("%s", async (_, status, body, code) => {
    expect(await tried(status, body)).toMatchObject({ given: { code }, secrets: ["new", "old"] });
  });
});

it("tells of the last refusal when no set will do", async () => {
  const server = await startPicky("right", { error: "invalid_client", error_description: "no" });
  const credentials = (): ClientCredentials[] => [credentialsOf("new"), credentialsOf("old")];
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId: "app", credentials });
  expect(await failureOf(call(client.clientCredentials()))).toMatchObject({ outcome: "refused", error: "invalid_client" });
  expect(secretsOf(server)).toEqual(["new", "old"]);
});

it.each<[string, () => unknown]>([
  ["fails", () => Promise.reject(new Error("canary"))],
  ["gives nothing", () => undefined],
  ["gives no set", () => []],
  ["gives a set without an id", () => ({ clientAuth: () => {} })],
  ["gives a set without authentication", () => ({ clientId: "id", clientSecret: "canary" })],
])("sends nothing when the function %s", async (_, given) => {
  const server = await startPicky("right");
  const credentials = given as CurrentCredentials;
  const client = createOAuthClient({ tokenEndpoint: server.tokenEndpoint, clientId: "app", credentials });
  const error = await failureOf(call(client.clientCredentials()));
  expect(error).toMatchObject({ outcome: "not-sent", message: expect.stringContaining("The client authentication failed") });
  expect(String(error.cause)).not.toContain("canary");
  expect(server.received).toEqual([]);
});

it.each<[object, RegExp]>([
  [{ credentials: () => [], clientAuth: () => {} }, /clientAuth, credentials: expected one of them, got both/],
  [{ credentials: credentialsOf("s") }, /credentials: expected a function/],
  [{ credentials: () => [], clientId: undefined }, /clientId/],
  [{ clientAuth: () => {}, passingStatuses: [200] }, /passingStatuses: expected an array of HTTP statuses from 400 to 499/],
  [{ clientAuth: () => {}, refreshTokens: "many" }, /refreshTokens/],
  [{ clientAuth: () => {}, revocationEndpoint: "http://a.example/" }, /revocationEndpoint: expected an https URL/],
  [{ clientAuth: () => {}, expectedIssuer: "x" }, /expectedIssuer/],
])("refuses %o", (wrong, message) => {
  const create = (): unknown => createOAuthClient({ tokenEndpoint: "https://a.example/", clientId: "id", ...wrong } as OAuthClientOptions);
  expect(create).toThrow(InvalidOptionError);
  expect(create).toThrow(message);
});
