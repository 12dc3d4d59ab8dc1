import { generateKeyPairSync } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { TokenSet } from "@tokenflight/core";
import type { McpServer } from "@tokenflight/mcp";
import { clientSecretBasic, createOAuthClient, noClientAuth, privateKeyJwt } from "@tokenflight/oauth";
import { describe, expect, it } from "vitest";
import {
  call,
  metadataOf,
  metadataPath,
  Reply,
  resourceOf,
  resourcePath,
  startWorld,
  type Origins,
  type Script,
  type World,
} from "./world.ts";

const formsOf = (world: World): URLSearchParams[] =>
  world.received.as.filter(({ path }) => path === "/token").map(({ body }) => new URLSearchParams(body));
const fresh = (further: object = {}): object => ({
  access_token: `service-${Math.random()}`,
  token_type: "Bearer",
  expires_in: 600,
  ...further,
});
const challenge = ({ mcp }: Origins): string => `Bearer scope="read", resource_metadata="${mcp}${resourcePath}"`;
const grant = { grant: "client-credentials" } as const;
const byHand = { client: { clientId: "service", clientAuth: clientSecretBasic("s3cret") } };

describe("client credentials", () => {
  it("are sent where the server's challenge leads, for its resource and scope, and nobody is asked", async () => {
    const world = await startWorld({ challenge, token: () => fresh() });
    const server = world.server(grant, byHand);
    const responses = await Promise.all([call(server), call(server), call(server)]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(formsOf(world).map((form) => Object.fromEntries(form))).toEqual([
      { grant_type: "client_credentials", scope: "read", resource: world.url },
    ]);
    expect(world.received.as.find(({ path }) => path === "/token")?.authorization).toBe(`Basic ${btoa("service:s3cret")}`);
    expect(world.windows).toEqual([]);
    // Another process finds the token.
    expect((await call(world.server(grant, byHand))).status).toBe(200);
    expect(formsOf(world)).toHaveLength(1);
  });

  it("may be a signed assertion", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    const world = await startWorld({ challenge, token: () => fresh() });
    const client = { clientId: "service", clientAuth: privateKeyJwt({ key, alg: "ES256" }) };
    expect((await call(world.server(grant, { client }))).status).toBe(200);
    const [, claims = ""] = formsOf(world)[0]?.get("client_assertion")?.split(".") ?? [];
    expect(JSON.parse(atob(claims))).toMatchObject({ iss: "service", aud: world.at.as });
  });

  it("get a wider token when a request needs one", async () => {
    const world = await startWorld({
      challenge,
      answer: (token, { mcp }) =>
        token.endsWith("write")
          ? undefined
          : new Reply(
              403,
              {},
              { "www-authenticate": `Bearer error="insufficient_scope", scope="write", resource_metadata="${mcp}${resourcePath}"` },
            ),
      token: (form) => ({ ...fresh(), access_token: `${Math.random()}-${form.get("scope")?.replace(" ", "-")}`, scope: form.get("scope") }),
    });
    const server = world.server(grant, byHand);
    expect((await call(server)).status).toBe(200);
    expect(formsOf(world).map((form) => form.get("scope"))).toEqual(["read", "read write"]);
    expect((await call(server)).status).toBe(200);
    expect(formsOf(world)).toHaveLength(2);
  });

  describe("where the client may read, and not write", () => {
    const reader: Script = {
      challenge,
      resource: { [resourcePath]: (at) => ({ ...resourceOf(at), scopes_supported: ["read", "write"] }) },
      answer: (_, __, { body }) =>
        body === "write" ? new Reply(403, {}, { "www-authenticate": 'Bearer error="insufficient_scope", scope="write"' }) : undefined,
      token: (form) => (form.get("scope") === "read" ? fresh() : new Reply(400, { error: "invalid_scope" })),
    };
    const refused = { code: "ERR_TOKEN_REQUEST_REFUSED", error: "invalid_scope" };
    /** As a service does that finds a token which is over. */
    const renewed = async ({ tokens }: McpServer): Promise<TokenSet> => tokens.renew(await tokens.get());

    it("the scope that one request lacks is not asked for with the next token, in the first process or another", async () => {
      const world = await startWorld(reader);
      const [first, second] = [world.server(grant, byHand), world.server(grant, byHand)];
      await call(first);
      for (const server of [first, second]) {
        await expect(call(server, { body: "write" })).rejects.toMatchObject(refused);
        await expect(renewed(server)).resolves.toBeDefined();
      }
    });

    it("two requests that lack different scopes are not refused for each other's", async () => {
      const world = await startWorld({
        ...reader,
        answer: (token, _, { body }) =>
          body === "" || token.includes(body)
            ? undefined
            : new Reply(403, {}, { "www-authenticate": `Bearer error="insufficient_scope", scope="${body}"` }),
        token: (form) => {
          const scope = form.get("scope") ?? "";
          if (scope.includes("write")) return new Reply(400, { error: "invalid_scope" });
          return { ...fresh(), access_token: `${scope.replaceAll(" ", "-")}-${Math.random()}` };
        },
      });
      const server = world.server(grant, byHand);
      await call(server, { body: "" });
      const [write, ...lists] = await Promise.allSettled(["write", "list", "list"].map((body) => call(server, { body })));
      expect(write).toMatchObject({ reason: refused });
      expect(lists).toMatchObject([{ value: { status: 200 } }, { value: { status: 200 } }]);
      expect(formsOf(world)).toHaveLength(3);
    });

    it("a process that finds a token asks for the scopes of that one, and not for all that the server has", async () => {
      const world = await startWorld(reader);
      await call(world.server(grant, byHand));
      await expect(renewed(world.server(grant, byHand))).resolves.toBeDefined();
    });
  });

  it("are found out about for all who wait: whose caller leaves ends its own request only", async () => {
    let answer = (): void => {};
    const metadata = (at: Origins) => (response: ServerResponse) => {
      answer = () => response.setHeader("content-type", "application/json").end(JSON.stringify(metadataOf(at)));
    };
    const world = await startWorld({ metadata: { [metadataPath]: metadata } });
    const server = world.server(grant, byHand);
    const leaving = new AbortController();
    const first = call(server, { signal: leaving.signal });
    await expect.poll(() => world.received.as.length).toBe(1);
    const second = call(server);
    await new Promise((resolve) => setTimeout(resolve, 50));
    leaving.abort();
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    answer();
    expect((await second).status).toBe(200);
    expect(world.received.as.map(({ path }) => path)).toEqual([metadataPath, "/token"]);
  });

  it("wait for each piece of metadata as long as `timeout` says", async () => {
    const slow = (metadata: (at: Origins) => object) => (at: Origins) => (response: ServerResponse) =>
      void setTimeout(() => response.setHeader("content-type", "application/json").end(JSON.stringify(metadata(at))), 700);
    const world = await startWorld({ resource: { [resourcePath]: slow(resourceOf) }, metadata: { [metadataPath]: slow(metadataOf) } });
    expect((await call(world.server({ ...grant, timeout: 1.2 }, byHand))).status).toBe(200);
  });

  it("follow a server that changes its authorization server", async () => {
    let moved = false;
    const world = await startWorld({
      challenge,
      resource: { [resourcePath]: (at) => ({ ...resourceOf(at), authorization_servers: [moved ? `${at.as}/new` : at.as] }) },
      metadata: { [metadataPath]: metadataOf, [`${metadataPath}/new`]: (at) => ({ ...metadataOf(at), issuer: `${at.as}/new` }) },
      answer: (token) => (moved && !token.startsWith("new") ? new Reply(401, {}, { "www-authenticate": "Bearer" }) : undefined),
      token: (form) => ({ ...fresh(), access_token: `${form.get("client_id")}-${Math.random()}` }),
    });
    const registered = [
      { issuer: world.at.as, clientId: "old" },
      { issuer: `${world.at.as}/new`, clientId: "new" },
    ];
    const server = world.server({ ...grant, client: { name: "a", registered } });
    await call(server);
    moved = true;
    expect((await call(server)).status).toBe(200);
    expect((await server.status()).issuer).toBe(`${world.at.as}/new`);
    expect(world.events).toContainEqual({ type: "issuer-changed", from: world.at.as, to: `${world.at.as}/new` });
  });

  it.each<[string, Script, object]>([
    [
      "the metadata of another server",
      { resource: { [resourcePath]: (at) => ({ ...resourceOf(at), resource: at.evil }) } },
      { reason: "resource" },
    ],
    [
      "the metadata of another issuer",
      { metadata: { [metadataPath]: (at) => ({ ...metadataOf(at), issuer: at.evil }) } },
      { reason: "issuer" },
    ],
  ])("are not sent by %s, and the error is the server's", async (_, script, error) => {
    const world = await startWorld(script);
    await expect(call(world.server(grant, byHand))).rejects.toMatchObject({ code: "ERR_MCP_SERVER", ...error });
    expect([formsOf(world), world.received.evil]).toEqual([[], []]);
  });

  it("need a client that was registered by hand", async () => {
    const world = await startWorld();
    await expect(call(world.server(grant))).rejects.toMatchObject({ code: "ERR_MCP_SERVER", reason: "no-client" });
    expect(formsOf(world)).toEqual([]);
  });

  it("that are refused are the error of a token request", async () => {
    const world = await startWorld({ token: () => new Reply(401, { error: "invalid_client" }) });
    await expect(call(world.server(grant, byHand))).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_REFUSED", error: "invalid_client" });
  });

  it("leave a server alone that wants no token", async () => {
    const world = await startWorld({ resource: {} });
    const login = world.login(grant);
    // It answers whatever it is sent.
    const open = login.for(`${world.at.evil}/mcp`, byHand);
    expect((await open.fetch(open.url)).status).toBe(200);
    expect(world.received.evil.map(({ authorization }) => authorization)).toEqual([undefined]);
  });
});

describe("enterprise-managed authorization", () => {
  const jag = "urn:ietf:params:oauth:token-type:id-jag";

  /** The identity provider is the authorization server's other half here. */
  function script(answers: { exchange?: object } = {}): Script {
    return {
      challenge,
      token: (form) =>
        form.get("requested_token_type") === jag
          ? (answers.exchange ?? { access_token: "an.id.jag", issued_token_type: jag, token_type: "N_A" })
          : fresh(),
    };
  }

  async function started(given: Script, assertion: () => string | Promise<string> = () => "an.id.token") {
    const world = await startWorld(given);
    const identityProvider = createOAuthClient({
      tokenEndpoint: `${world.at.as}/token`,
      clientId: "at-the-provider",
      clientAuth: noClientAuth(),
      tokenTypes: ["N_A"],
    });
    return { world, server: world.server({ grant: { identityProvider, assertion } }, byHand) };
  }

  it("exchanges the user's id token, and that for an access token, with the server's issuer, resource and scope", async () => {
    const { world, server } = await started(script());
    expect((await call(server)).status).toBe(200);
    const [exchange, bearer] = formsOf(world).map((form) => Object.fromEntries(form));
    expect(exchange).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      requested_token_type: jag,
      subject_token: "an.id.token",
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      audience: world.at.as,
      resource: world.url,
      scope: "read",
      client_id: "at-the-provider",
    });
    expect(bearer).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: "an.id.jag",
      resource: world.url,
      scope: "read",
    });
    expect(world.windows).toEqual([]);
  });

  it("asks for the id token anew for each token", async () => {
    let asked = 0;
    const { world, server } = await started(script(), async () => `id-token-${(asked += 1)}`);
    await call(server);
    await server.tokens.renew(server.tokens.peek() as TokenSet);
    expect(formsOf(world).flatMap((form) => form.get("subject_token") ?? [])).toEqual(["id-token-1", "id-token-2"]);
  });

  it.each<[string, object, object]>([
    ["a policy that says no", new Reply(400, { error: "access_denied" }), { code: "ERR_TOKEN_REQUEST_REFUSED", error: "access_denied" }],
    [
      "a token of another type",
      { access_token: "a", issued_token_type: "urn:other", token_type: "N_A" },
      { code: "ERR_INVALID_TOKEN_RESPONSE" },
    ],
  ])("sends nothing further after %s", async (_, exchange, error) => {
    const { world, server } = await started(script({ exchange }));
    await expect(call(server)).rejects.toMatchObject(error);
    expect(formsOf(world).filter((form) => form.has("assertion"))).toEqual([]);
  });
});
