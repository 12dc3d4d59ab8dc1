import { createServer } from "node:http";
import { inspect } from "node:util";
import { InvalidOptionError, LoginRequiredError, TokenflightError, type TokenSet } from "@tokenflight/core";
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

const pathsOf = (world: World): string[] => world.received.as.map(({ path }) => path).filter((path) => !path.startsWith("/.well-known/"));
const formsOf = (world: World): URLSearchParams[] =>
  world.received.as.filter(({ path }) => path === "/token").map(({ body }) => new URLSearchParams(body));
const registrationsOf = (world: World): Record<string, unknown>[] =>
  world.received.as.filter(({ path }) => path === "/register").map(({ body }) => JSON.parse(body) as Record<string, unknown>);
const scopesAsked = (world: World): (string | null)[] => world.windows.map(({ searchParams }) => searchParams.get("scope"));

describe("the first request", () => {
  it("asks the server, its authorization server and the user, and is sent again with what they gave", async () => {
    const world = await startWorld();
    const response = await call(world.server());
    expect([response.status, await response.json()]).toEqual([200, { ok: true }]);
    const { mcp } = world.at;
    expect(world.received.mcp.map(({ method, path }) => `${method} ${path}`)).toEqual([`POST /mcp`, `GET ${resourcePath}`, `POST /mcp`]);
    expect(world.received.mcp.map(({ body }) => body)).toEqual(['{"jsonrpc":"2.0"}', "", '{"jsonrpc":"2.0"}']);
    expect(pathsOf(world)).toEqual(["/register", "/token"]);
    // RFC 8707: in the authorization request and in the token request.
    expect(world.windows.map(({ searchParams }) => searchParams.get("resource"))).toEqual([`${mcp}/mcp`]);
    expect(formsOf(world).map((form) => form.get("resource"))).toEqual([`${mcp}/mcp`]);
    expect(world.windows[0]?.searchParams.get("code_challenge_method")).toBe("S256");
    expect(world.events.map(({ type }) => type)).toEqual(expect.arrayContaining(["login-begun", "client-registered", "token-saved"]));
  });

  it("registers the program as what it is", async () => {
    const world = await startWorld();
    await call(
      world.server({ client: { name: "My agent", metadata: { client_uri: "https://agent.example", grant_types: ["implicit"] } } }),
    );
    expect(registrationsOf(world)).toEqual([
      {
        client_name: "My agent",
        client_uri: "https://agent.example",
        redirect_uris: [expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)],
        application_type: "native",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
      },
    ]);
    const [page] = world.windows;
    expect(registrationsOf(world)[0]?.["redirect_uris"]).toEqual([page?.searchParams.get("redirect_uri")]);
  });

  it("nothing of it is asked again by another process, which finds tokens, or by the next request", async () => {
    const world = await startWorld();
    const server = world.server();
    await call(server);
    await call(server);
    expect((await call(world.server())).status).toBe(200);
    expect([world.windows.length, pathsOf(world)]).toEqual([1, ["/register", "/token"]]);
    expect(world.received.mcp.filter(({ path }) => path === resourcePath)).toHaveLength(1);
  });

  it("many at once have one login", async () => {
    const world = await startWorld();
    const [one, other] = [world.server(), world.server()];
    const responses = await Promise.all([one, other, one, other, one].map((server) => call(server)));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect([world.windows.length, pathsOf(world)]).toEqual([1, ["/register", "/token"]]);
  });
});

describe("where things are", () => {
  const well = "/.well-known/oauth-protected-resource";
  const noChallenge = { challenge: () => "Bearer" };

  it.each<[string, Script]>([
    ["the server's metadata at the address with its path", noChallenge],
    ["at the address without", { ...noChallenge, resource: { [well]: (at) => ({ ...resourceOf(at), resource: at.mcp }) } }],
    ["wherever the challenge says", { challenge: ({ mcp }) => `Bearer resource_metadata="${mcp}/me"`, resource: { "/me": resourceOf } }],
    ["in a challenge behind another one", { challenge: ({ mcp }) => `Basic realm="a", Bearer resource_metadata="${mcp}${resourcePath}"` }],
    ["the issuer's metadata at the address of OpenID Connect", { metadata: { "/.well-known/openid-configuration": metadataOf } }],
    ...["/.well-known/oauth-authorization-server/t", "/.well-known/openid-configuration/t", "/t/.well-known/openid-configuration"].map(
      (path): [string, Script] => [
        `that of an issuer with a path at ${path}`,
        {
          resource: { [resourcePath]: (at) => ({ ...resourceOf(at), authorization_servers: [`${at.as}/t`] }) },
          metadata: { [path]: (at) => ({ ...metadataOf(at), issuer: `${at.as}/t` }) },
        },
      ],
    ),
    [
      "an issuer that is written with a slash at its end",
      { resource: { [resourcePath]: (at) => ({ ...resourceOf(at), authorization_servers: [`${at.as}/`] }) } },
    ],
  ])("%s", async (_, script) => {
    const world = await startWorld(script);
    expect((await call(world.server())).status).toBe(200);
    expect(world.windows).toHaveLength(1);
  });

  it("the issuer that the program accepts, of several", async () => {
    const world = await startWorld({
      resource: { [resourcePath]: (at) => ({ ...resourceOf(at), authorization_servers: [at.evil, at.as] }) },
    });
    expect((await call(world.server({}, { issuer: world.at.as }))).status).toBe(200);
    expect(world.received.evil).toEqual([]);
  });

  it("the issuer that the program names, of a server that names none", async () => {
    const world = await startWorld({ resource: {}, challenge: () => undefined });
    expect((await call(world.server({}, { issuer: world.at.as }))).status).toBe(200);
    expect(world.windows[0]?.searchParams.get("resource")).toBe(world.url);
  });

  it.each<[string, Script]>([
    ["with metadata at its own origin", { resource: { [metadataPath]: (at) => ({ ...metadataOf(at), issuer: `${at.mcp}/auth` }) } }],
    [
      "without any",
      {
        resource: {
          "/authorize": () => "",
          "/register": () => new Reply(201, { client_id: "old" }),
          "/token": () => token(`old-${Math.random()}`),
        },
      },
    ],
  ])("a server of the protocol's first version, %s", async (_, script) => {
    const world = await startWorld({ challenge: () => undefined, ...script });
    const server = world.server();
    expect((await call(server)).status).toBe(200);
    // It is found again when tokens are refreshed.
    await server.tokens.renew(server.tokens.peek() as TokenSet);
    expect((await call(world.server())).status).toBe(200);
    expect(world.windows).toHaveLength(1);
  });
});

const token = (name: string, further: object = {}): object => ({
  access_token: `access-${name}`,
  token_type: "Bearer",
  expires_in: 600,
  refresh_token: `refresh-${name}`,
  ...further,
});

describe("the client", () => {
  const document = "https://agent.example/client.json";
  const reads: Script = { metadata: { [metadataPath]: (at) => ({ ...metadataOf(at), client_id_metadata_document_supported: true }) } };

  it("is its metadata document, where servers read it", async () => {
    const world = await startWorld(reads);
    await call(world.server({ client: { name: "a", metadataUrl: document } }));
    expect(world.windows[0]?.searchParams.get("client_id")).toBe(document);
    expect(pathsOf(world)).toEqual(["/token"]);
  });

  it("is the one that was registered by hand, before all others: for the server, or at its issuer", async () => {
    for (const forServer of [true, false]) {
      const world = await startWorld(reads);
      const registered = forServer ? [] : [{ issuer: `${world.at.as}/`, clientId: "by-hand" }];
      const client = { name: "a", metadataUrl: document, registered };
      await call(world.server({ client }, forServer ? { client: { clientId: "by-hand" } } : {}));
      expect(world.windows[0]?.searchParams.get("client_id")).toBe("by-hand");
      expect(pathsOf(world)).toEqual(["/token"]);
    }
  });

  it("that was registered with a secret uses it, as the server says", async () => {
    const answer = { client_id: "a", client_secret: "s3cret", token_endpoint_auth_method: "client_secret_post" };
    const world = await startWorld({ register: () => new Reply(201, answer) });
    const server = world.server();
    await call(server);
    // In another process, from the store.
    const other = world.server();
    await other.tokens.renew((await other.tokens.reread()) as TokenSet);
    expect(formsOf(world).map((form) => form.get("client_secret"))).toEqual(["s3cret", "s3cret"]);
    expect(JSON.stringify(await world.login().status())).not.toContain("s3cret");
  });

  it("keeps its port, and is registered again when that is taken by another program", async () => {
    const world = await startWorld();
    const redirects = (): (string | null)[] => world.windows.map(({ searchParams }) => searchParams.get("redirect_uri"));
    const server = world.server();
    await call(server);
    await server.logIn();
    expect(new Set(redirects()).size).toBe(1);
    expect(registrationsOf(world)).toHaveLength(1);

    const thief = createServer().listen(Number(new URL(redirects()[0] ?? "").port), "127.0.0.1");
    await server.logIn();
    thief.close();
    expect(new Set(redirects()).size).toBe(2);
    expect(registrationsOf(world)).toHaveLength(2);
  });

  it("is registered again when the server has forgotten it", async () => {
    let forgotten = false;
    const world = await startWorld({
      token: (form) => (forgotten && form.get("grant_type") === "refresh_token" ? new Reply(401, { error: "invalid_client" }) : undefined),
    });
    const server = world.server();
    await call(server);
    forgotten = true;
    await expect(server.tokens.renew(server.tokens.peek() as TokenSet)).rejects.toThrow(LoginRequiredError);
    expect((await call(server)).status).toBe(200);
    expect([world.windows.length, registrationsOf(world).length]).toEqual([2, 2]);
  });

  it("of another issuer is not used: a server that changes its authorization server has it registered there, and the user asked", async () => {
    let moved = false;
    const world = await startWorld({
      resource: { [resourcePath]: (at) => ({ ...resourceOf(at), authorization_servers: [moved ? `${at.as}/new` : at.as] }) },
      metadata: {
        [metadataPath]: metadataOf,
        [`${metadataPath}/new`]: (at) => ({ ...metadataOf(at), issuer: `${at.as}/new` }),
      },
      answer: (given) => (moved && !newTokens.has(given) ? new Reply(401) : undefined),
      token: (form) => {
        const name = `${form.get("grant_type")}-${String(moved)}-${Math.random()}`;
        if (moved && form.get("grant_type") === "authorization_code") newTokens.add(`access-${name}`);
        return token(name);
      },
    });
    const newTokens = new Set<string>();
    const server = world.server();
    await call(server);
    moved = true;
    expect((await call(server)).status).toBe(200);
    expect([world.windows.length, registrationsOf(world).length]).toEqual([2, 2]);
    expect(world.events).toContainEqual({ type: "issuer-changed", from: world.at.as, to: `${world.at.as}/new` });
    expect((await server.status()).issuer).toBe(`${world.at.as}/new`);

    // A client that was registered by hand is told so, and not used.
    moved = false;
    const other = await startWorld({
      resource: { [resourcePath]: (at) => ({ ...resourceOf(at), authorization_servers: [moved ? `${at.as}/new` : at.as] }) },
      metadata: { [metadataPath]: metadataOf, [`${metadataPath}/new`]: (at) => ({ ...metadataOf(at), issuer: `${at.as}/new` }) },
      answer: () => (moved ? new Reply(401) : undefined),
    });
    const byHand = other.server({}, { client: { clientId: "by-hand" } });
    await call(byHand);
    moved = true;
    await expect(call(byHand)).rejects.toMatchObject({ code: "ERR_MCP_SERVER", reason: "issuer-changed" });
    expect(other.windows).toHaveLength(1);
    // Nor by a process that has sent nothing yet.
    const next = other.server({}, { client: { clientId: "by-hand" } });
    await expect(next.logIn()).rejects.toMatchObject({ code: "ERR_MCP_SERVER", reason: "issuer-changed" });
    expect(other.windows).toHaveLength(1);
  });
});

describe("scopes", () => {
  const withScopes = (at: Origins): Record<string, unknown> => ({ ...resourceOf(at), scopes_supported: ["a", "b"] });
  const challenged = ({ mcp }: Origins): string => `Bearer scope="c d", resource_metadata="${mcp}${resourcePath}"`;

  it.each<[string, Script, string | null]>([
    ["those of the challenge, before those of the metadata", { challenge: challenged, resource: { [resourcePath]: withScopes } }, "c d"],
    ["those of the metadata", { resource: { [resourcePath]: withScopes } }, "a b"],
    ["none, where nobody says", {}, null],
    [
      "with offline_access, where the authorization server has it",
      {
        resource: { [resourcePath]: withScopes },
        metadata: { [metadataPath]: (at) => ({ ...metadataOf(at), scopes_supported: ["offline_access"] }) },
      },
      "a b offline_access",
    ],
    ["not that alone", { metadata: { [metadataPath]: (at) => ({ ...metadataOf(at), scopes_supported: ["offline_access"] }) } }, null],
    ["without what is no scope", { challenge: ({ mcp }) => `Bearer scope="a \\"b c", resource_metadata="${mcp}${resourcePath}"` }, "a c"],
  ])("%s", async (_, script, expected) => {
    const world = await startWorld(script);
    await call(world.server());
    expect(scopesAsked(world)).toEqual([expected]);
  });

  it("those of the program besides", async () => {
    const world = await startWorld({ challenge: challenged });
    await call(world.server({}, { scope: "mine" }));
    expect(scopesAsked(world)).toEqual(["c d mine"]);
  });

  it.each([5, {}, null, "", [], ['a"b']])("%j is none that a program may ask for", async (given) => {
    const world = await startWorld();
    const scope = given as string;
    expect(() => world.server({}, { scope })).toThrow(InvalidOptionError);
    await expect(world.server().logIn({ scope })).rejects.toThrow(InvalidOptionError);
    expect(world.windows).toEqual([]);
  });
});

/** Needs the scope "read", and for a request with "write" in its body "write", too. Tokens have what was asked for. */
function stepUp(grants: (scope: string | null) => string | null = (scope) => scope): Script {
  const granted = new Map<string, string>();
  let scope: string | null = null;
  return {
    challenge: ({ mcp }) => `Bearer scope="read", resource_metadata="${mcp}${resourcePath}"`,
    answer: (given, { mcp }, { body }) => {
      const need = body.includes("write") ? "write" : "read";
      if (granted.get(given)?.split(" ").includes(need)) return undefined;
      const challenge = `Bearer error="insufficient_scope", scope="${need}", resource_metadata="${mcp}${resourcePath}"`;
      return new Reply(403, {}, { "www-authenticate": challenge });
    },
    callback: (sent) => ((scope = grants(sent.get("scope"))), {}),
    token: () => {
      const name = `${granted.size}`;
      granted.set(`access-${name}`, scope ?? "");
      return token(name, { scope });
    },
  };
}

const write = { body: '{"name":"write"}' };

describe("a request that needs more scope", () => {
  it("has the user asked for the union, once, and is sent again", async () => {
    const world = await startWorld(stepUp());
    const [one, other] = [world.server(), world.server()];
    await call(one);
    const responses = await Promise.all([call(one, write), call(other, write), call(one, write), call(one)]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(scopesAsked(world)).toEqual(["read", "read write"]);
    // Neither of them has refreshed anything to find out.
    expect(formsOf(world).map((form) => form.get("grant_type"))).toEqual(["authorization_code", "authorization_code"]);
  });

  it("keeps its 403 when the login for it was given less", async () => {
    const world = await startWorld(stepUp(() => "read"));
    const server = world.server();
    expect((await call(server)).status).toBe(200);
    expect((await call(server, write)).status).toBe(403);
    expect((await call(server, write)).status).toBe(403);
    expect((await call(world.server(), write)).status).toBe(403);
    expect(scopesAsked(world)).toEqual(["read", "read write"]);
    // Until the program asks.
    await server.logIn({ scope: "write" });
    expect(scopesAsked(world)).toEqual(["read", "read write", "read write"]);
  });

  it("keeps what was asked for before when the session is over", async () => {
    let isOver = false;
    const script = stepUp();
    const { token: give } = script;
    const world = await startWorld({
      ...script,
      token: (form, at) => (isOver && form.has("refresh_token") ? new Reply(400, { error: "invalid_grant" }) : give?.(form, at)),
    });
    const server = world.server();
    await call(server);
    await call(server, write);
    isOver = true;
    await expect(server.tokens.renew(server.tokens.peek() as TokenSet)).rejects.toThrow(LoginRequiredError);
    await call(server);
    expect(scopesAsked(world)).toEqual(["read", "read write", "read write"]);
  });

  it("rejects where nobody may be asked, and says what for", async () => {
    const world = await startWorld(stepUp());
    await call(world.server());
    const error = await call(world.server({ interactive: false }), write).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "ERR_LOGIN_REQUIRED",
      error: "insufficient_scope",
      message: expect.stringContaining("read write"),
    });
    expect((await call(world.server({ interactive: false, unauthorized: "response" }), write)).status).toBe(403);
  });
});

describe("a user's no", () => {
  const refusing: Script = { callback: () => ({ error: "access_denied", code: "" }) };

  it("is the answer to all who wait, in all processes, and is not asked for again at once", async () => {
    const world = await startWorld(refusing);
    const servers = [world.server(), world.server(), world.server()];
    const ends = await Promise.allSettled(servers.flatMap((server) => [call(server), call(server)]));
    for (const end of ends) expect(end).toMatchObject({ status: "rejected", reason: { code: "ERR_LOGIN_FAILED", reason: "refused" } });
    expect(world.windows).toHaveLength(1);
    await expect(call(servers[0] as (typeof servers)[number])).rejects.toMatchObject({ reason: "refused" });
  });

  it("does not keep the program from asking", async () => {
    let refuses = true;
    const world = await startWorld({ callback: () => (refuses ? { error: "access_denied", code: "" } : {}) });
    const server = world.server();
    await expect(call(server)).rejects.toMatchObject({ reason: "refused" });
    refuses = false;
    await server.logIn();
    expect((await call(server)).status).toBe(200);
    expect(world.windows).toHaveLength(2);
  });
});

describe("a login that leads nowhere", () => {
  it.each<[string, Script]>([
    ["a token endpoint that is away", { token: () => new Reply(500) }],
    ["a callback of another issuer", { callback: (_, { evil }) => ({ iss: evil }) }],
    ["an authorization server that is at its end", { callback: () => ({ error: "server_error", code: "" }) }],
  ])("has one window, however often the program tries again: %s", async (_, script) => {
    const world = await startWorld(script);
    const server = world.server();
    const first: unknown = await call(server).catch((error: unknown) => error);
    expect(first).toBeInstanceOf(TokenflightError);
    for (let left = 5; left > 0; left -= 1) await expect(call(server)).rejects.toBe(first);
    expect(world.windows).toHaveLength(1);
    await expect(server.logIn()).rejects.toBeInstanceOf(TokenflightError);
    expect(world.windows).toHaveLength(2);
  });

  it("of a server that wants something else each time has three", async () => {
    let number = 0;
    let refuses = false;
    const world = await startWorld({
      callback: () => (refuses ? { error: "access_denied", code: "" } : {}),
      answer: () => new Reply(403, {}, { "www-authenticate": `Bearer error="insufficient_scope", scope="more-${(number += 1)}"` }),
    });
    const server = world.server();
    await server.logIn();
    refuses = true;
    for (let left = 10; left > 0; left -= 1) await expect(call(server)).rejects.toMatchObject({ reason: "refused" });
    expect(world.windows).toHaveLength(1 + 3);
  });

  it("is not remembered where nobody was shown anything", async () => {
    let isAway = true;
    const world = await startWorld({ metadata: { [metadataPath]: (at) => (isAway ? new Reply(503) : metadataOf(at)) } });
    const server = world.server();
    await expect(call(server)).rejects.toBeInstanceOf(TokenflightError);
    isAway = false;
    expect((await call(server)).status).toBe(200);
  });
});

describe("where nobody may be asked", () => {
  it("a request without a login rejects, and nobody is asked for anything", async () => {
    const world = await startWorld();
    await expect(call(world.server({ interactive: false }))).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
    expect([world.windows.length, world.received.as]).toEqual([0, []]);
  });

  it("a host that logs in by itself gets the server's own refusal", async () => {
    const world = await startWorld();
    const response = await call(world.server({ interactive: false, unauthorized: "response" }));
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, expect.stringContaining("resource_metadata")]);
    expect(await response.json()).toEqual({});
  });

  it("a login of another process serves at once", async () => {
    const world = await startWorld();
    const unattended = world.server({ interactive: false });
    await expect(call(unattended)).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
    await call(world.server());
    expect((await call(unattended)).status).toBe(200);
  });
});

describe("what is no affair of the login", () => {
  it("a request to another origin goes without the token, and its refusal is its own", async () => {
    const world = await startWorld();
    const server = world.server();
    await call(server);
    const { length } = world.windows;
    await server.fetch(`${world.at.evil}/a`);
    expect(world.received.evil.map(({ authorization }) => authorization)).toEqual([undefined]);
    expect((await server.fetch(`${world.at.as}/nowhere`)).status).toBe(404);
    expect(world.windows).toHaveLength(length);
  });

  it("a request with credentials of its own is left alone", async () => {
    const world = await startWorld({ answer: () => new Reply(401) });
    const response = await call(world.server(), { headers: { authorization: "Bearer mine" } });
    expect([response.status, world.windows.length]).toEqual([401, 0]);
    expect(world.received.mcp.map(({ authorization }) => authorization)).toEqual(["Bearer mine"]);
  });

  it.each([400, 403, 404, 500])("a %i without a challenge is the caller's", async (status) => {
    const world = await startWorld({ answer: () => new Reply(status, { a: 1 }) });
    const response = await call(world.server());
    expect([response.status, await response.json()]).toEqual([status, { a: 1 }]);
    expect(world.windows).toHaveLength(1);
  });

  it("a server that refuses every token has the user asked once, and is looked at again once for each token", async () => {
    const world = await startWorld({ answer: () => new Reply(401, {}, { "www-authenticate": "Bearer" }) });
    const server = world.server();
    for (let left = 4; left > 0; left -= 1) expect((await call(server)).status).toBe(401);
    expect(world.windows).toHaveLength(1);
    expect(world.received.mcp.filter(({ path }) => path.startsWith("/.well-known/")).length).toBeLessThan(6);
  });

  it("a redirect to another origin that refuses asks nobody", async () => {
    const world = await startWorld({ answer: (_, { as }) => new Reply(307, "", { location: `${as}/nowhere` }) });
    const server = world.server();
    expect((await call(server)).status).toBe(404);
    expect(world.windows).toHaveLength(1);
  });
});

describe("the request", () => {
  it("is what was given at the call, whatever becomes of it meanwhile", async () => {
    const world = await startWorld();
    const headers = new Headers({ "x-call": "first" });
    const body = new TextEncoder().encode("bytes");
    const sent = call(world.server(), { headers, body });
    headers.set("x-call", "second");
    body.fill(0);
    expect((await sent).status).toBe(200);
    expect(world.received.mcp.filter(({ path }) => path === "/mcp").map((one) => one.body)).toEqual(["bytes", "bytes"]);
  });

  it("may be a Request", async () => {
    const world = await startWorld();
    const server = world.server();
    const response = await server.fetch(new Request(world.url, { method: "POST", body: "a request" }));
    expect(response.status).toBe(200);
    expect(world.received.mcp.filter(({ path }) => path === "/mcp").map((one) => one.body)).toEqual(["a request", "a request"]);
  });

  it("may have headers that can be read once only, with credentials of its own or without", async () => {
    const seen: (string | null)[] = [];
    const observed = (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      if (new Request(input, init).url === world.url) seen.push(new Headers(init?.headers).get("x-mine"));
      return fetch(input, init);
    };
    const world = await startWorld({ answer: (token) => (token === "own" ? new Reply(401) : undefined) });
    const server = world.server({ fetch: observed });
    const headersOf = (name: string, value: string): Headers => new Map([[name, value]]).entries() as never;
    expect((await call(server, { headers: headersOf("authorization", "Bearer own") })).status).toBe(401);
    expect(world.windows).toEqual([]);
    expect((await call(server, { headers: headersOf("x-mine", "1") })).status).toBe(200);
    expect(seen).toEqual([null, "1", "1"]);
  });

  it("may have a Request for its init, as fetch takes it", async () => {
    const world = await startWorld();
    const server = world.server();
    expect((await server.fetch(world.url, new Request(world.url, { method: "DELETE" }))).status).toBe(200);
    expect(world.received.mcp.filter(({ path }) => path === "/mcp").map(({ method }) => method)).toEqual(["DELETE", "DELETE"]);
  });

  it("that can be sent once only keeps its refusal, and the next one has what it lacked", async () => {
    const world = await startWorld();
    const server = world.server();
    const body = new Blob(["once"]).stream();
    expect((await call(server, { body, duplex: "half" } as RequestInit)).status).toBe(401);
    expect((await call(server)).status).toBe(200);
    expect(world.windows).toHaveLength(1);
  });

  it("whose caller leaves ends alone: the login goes on for the others", async () => {
    let comeBack = (): void => {};
    const waiting = new Promise<void>((resolve) => (comeBack = resolve));
    const world = await startWorld();
    const server = world.server({
      onLogin: async ({ url }) => {
        world.windows.push(new URL(url));
        await waiting;
        const back = new URL(new URL(url).searchParams.get("redirect_uri") ?? "");
        back.search = new URLSearchParams({ code: "c", state: new URL(url).searchParams.get("state") ?? "" }).toString();
        await (await fetch(back)).text();
      },
    });
    const leaving = new AbortController();
    const first = call(server, { signal: leaving.signal });
    await expect.poll(() => world.windows.length).toBe(1);
    const second = call(server);
    leaving.abort();
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    comeBack();
    expect((await second).status).toBe(200);
    expect(world.windows).toHaveLength(1);
  });
});

describe("the session", () => {
  it("ends with a logout, which gives the tokens back", async () => {
    const world = await startWorld();
    const server = world.server();
    await call(server);
    expect(await server.status()).toMatchObject({ url: world.url, state: "logged-in", issuer: world.at.as });
    await server.tokens.forget({ revoke: true });
    expect(pathsOf(world).filter((path) => path === "/revoke")).toHaveLength(2);
    expect(await server.status()).toMatchObject({ state: "logged-out", issuer: undefined });
    await call(server);
    expect(world.windows).toHaveLength(2);
  });

  it("is one of its own for each user and each server", async () => {
    const world = await startWorld();
    await call(world.server());
    await call(world.server({ key: "another" }));
    expect(world.windows).toHaveLength(2);
    const login = world.login();
    expect(login.for(world.url)).toBe(login.for(new URL(world.url)));
    expect(login.for(`${world.url}?tenant=b`)).not.toBe(login.for(world.url));
    expect((await login.status()).map(({ state }) => state)).toEqual(["logged-in", "logged-out"]);
  });

  it("is refreshed where its tokens came from, whatever the server says meanwhile", async () => {
    let isEvil = false;
    const world = await startWorld({
      resource: { [resourcePath]: (at) => ({ ...resourceOf(at), authorization_servers: [isEvil ? at.evil : at.as] }) },
    });
    const server = world.server();
    await call(server);
    isEvil = true;
    const other = world.server();
    await other.tokens.renew((await other.tokens.reread()) as TokenSet);
    expect(formsOf(world).map((form) => [form.get("grant_type"), form.get("resource"), form.get("client_id")])).toEqual([
      ["authorization_code", world.url, "registered"],
      ["refresh_token", world.url, "registered"],
    ]);
    expect(world.received.evil).toEqual([]);
  });

  it("begins with a login of this package only: a refresh token from elsewhere has no server that it may be sent to", async () => {
    const world = await startWorld();
    const server = world.server({ interactive: false });
    await server.tokens.save({ access_token: "a", refresh_token: "r", expires_in: 1 });
    await expect(server.tokens.renew(server.tokens.peek() ?? ({ accessToken: "a" } as TokenSet))).rejects.toMatchObject({
      code: "ERR_LOGIN_REQUIRED",
    });
    expect(world.received.as).toEqual([]);
  });

  it("shows no key that the program has in a server's address", async () => {
    const world = await startWorld();
    const url = `${world.url}?key=s3cret`;
    const failures = [
      startWorld({ resource: { [resourcePath]: ({ evil }) => ({ resource: evil }) } }),
      startWorld({ challenge: ({ evil }) => `Bearer resource_metadata="${evil}/rs"` }),
      startWorld({ resource: { [resourcePath]: () => new Reply(500) } }),
      startWorld({ resource: { [resourcePath]: (at) => ({ ...resourceOf(at), authorization_servers: ["javascript:alert(1)"] }) } }),
      startWorld({ resource: { [resourcePath]: (at) => ({ ...resourceOf(at), authorization_servers: at.as }) } }),
    ];
    const servers = (await Promise.all(failures)).map((one) => one.login().for(`${one.at.mcp}/mcp?key=s3cret`));
    const accepting = world.login().for(url, { issuer: world.at.evil });
    const alone = world.login({ interactive: false }).for(url);
    const errors = await Promise.all([...servers, accepting, alone].map((server) => call(server).catch((error: unknown) => error)));
    for (const error of errors) {
      expect(error).toBeInstanceOf(TokenflightError);
      expect(inspect(error, { depth: 9 })).not.toContain("s3cret");
    }
  });

  it("shows no secret", async () => {
    const world = await startWorld();
    const server = world.server();
    await call(server);
    const shown = JSON.stringify([await server.status(), server.tokens.peek(), world.events]);
    expect(shown).not.toMatch(/access-\d|refresh-\d|a-code/);
  });
});

it("a server that does not announce PKCE may be taken at its word", async () => {
  const world = await startWorld({
    metadata: { [metadataPath]: (at) => ({ ...metadataOf(at), code_challenge_methods_supported: undefined }) },
  });
  expect((await call(world.server({ pkce: "assumed" }))).status).toBe(200);
  expect(world.windows[0]?.searchParams.get("code_challenge_method")).toBe("S256");
});

it("a user who does not come back in time ends the login, and the client is registered anew the next time", async () => {
  let comesBack = true;
  const world = await startWorld({ callback: () => (comesBack ? {} : undefined) });
  const server = world.server({ loginTimeout: 0.5 });
  await call(server);
  comesBack = false;
  await expect(server.logIn()).rejects.toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "expired" });
  // The tokens are as they were.
  expect((await call(server)).status).toBe(200);
  comesBack = true;
  await server.logIn();
  expect(registrationsOf(world)).toHaveLength(2);
});
