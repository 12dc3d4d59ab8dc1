import { InvalidOptionError, LoginRequiredError, type TokenSet } from "@tokenflight/core";
import type { McpLoginOptions, McpOAuthProvider } from "@tokenflight/mcp";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { call, metadataOf, metadataPath, Reply, resourceOf, resourcePath, startWorld, type Script, type World } from "./world.ts";

const challenged = (fields: string): Response => new Response(null, { status: 401, headers: { "www-authenticate": `Bearer ${fields}` } });
const formsOf = (world: World): URLSearchParams[] =>
  world.received.as.filter(({ path }) => path === "/token").map(({ body }) => new URLSearchParams(body));

describe("the options of a transport", () => {
  it("of SDK 1 are a fetch function", async () => {
    const world = await startWorld();
    const server = world.server();
    expect(server.transport()).toEqual({ fetch: server.fetch });
    expect(() => server.transport({ sdk: 3 } as never)).toThrow(InvalidOptionError);
  });

  it("of SDK 2 hand on the error of a login by the provider, and the refusal by the fetch function", async () => {
    const world = await startWorld();
    const { fetch, authProvider } = world.server({ interactive: false }).transport({ sdk: 2 });
    expect(await authProvider.token()).toBeUndefined();
    const response = await fetch(world.url, { method: "POST", body: "{}" });
    expect(response.status).toBe(401);
    await expect(authProvider.onUnauthorized?.({ response })).rejects.toThrow(LoginRequiredError);
    // It knows nothing of any other.
    await authProvider.onUnauthorized?.({ response: new Response(null, { status: 401 }) });
    // A wider scope is no affair of that provider's, so the error is thrown.
    const narrow = await startWorld({
      answer: () => new Reply(403, {}, { "www-authenticate": 'Bearer error="insufficient_scope", scope="write"' }),
    });
    await narrow.server().logIn();
    const send = narrow.server({ interactive: false }).transport({ sdk: 2 }).fetch;
    await expect(send(narrow.url)).rejects.toMatchObject({ code: "ERR_LOGIN_REQUIRED", error: "insufficient_scope" });
  });
});

describe("a provider for hosts of SDK 2 that put the token on themselves", () => {
  it("has no token, logs in when it is told of a refusal, and renews a token once", async () => {
    const world = await startWorld();
    const server = world.server();
    const provider = server.authProvider();
    expect(await provider.token()).toBeUndefined();
    await provider.onUnauthorized?.({ response: challenged(`resource_metadata="${world.at.mcp}${resourcePath}"`) });
    const first = await provider.token();
    expect(first).toBe((server.tokens.peek() as TokenSet).accessToken);
    await provider.onUnauthorized?.({ response: challenged('error="invalid_token"') });
    expect(await provider.token()).not.toBe(first);
    expect(formsOf(world).map((form) => form.get("grant_type"))).toEqual(["authorization_code", "refresh_token"]);
    // What no login can change is no affair of its.
    await provider.onUnauthorized?.({ response: new Response(null, { status: 403 }) });
    expect([formsOf(world).length, world.windows.length]).toEqual([2, 1]);
  });

  it("asks for more scope where the refusal says so", async () => {
    const world = await startWorld();
    const provider = world.server().authProvider();
    await provider.onUnauthorized?.({ response: challenged('scope="read"') });
    await provider.token();
    await provider.onUnauthorized?.({ response: challenged('error="insufficient_scope", scope="write"') });
    expect(world.windows.map(({ searchParams }) => searchParams.get("scope"))).toEqual(["read", "read write"]);
  });
});

describe("an OAuth provider, for hosts that take nothing else", () => {
  /** What an SDK does when a request was refused: sends the token request that it is given, and saves the answer. */
  async function refreshAsSdk(provider: McpOAuthProvider): Promise<Response> {
    const { authorizationServerMetadata } = await provider.discoveryState();
    const headers = new Headers();
    const form = await provider.prepareTokenRequest();
    await provider.addClientAuthentication(headers, form);
    const response = await fetch((authorizationServerMetadata as { token_endpoint: string }).token_endpoint, {
      method: "POST",
      body: form,
      headers,
    });
    if (response.ok) await provider.saveTokens((await response.clone().json()) as { access_token: string });
    return response;
  }

  it("logs the user in by itself, and has the SDK send the refresh of all processes", async () => {
    const world = await startWorld();
    const provider = world.server().provider();
    expect([await provider.tokens(), await provider.clientInformation(), provider.redirectUrl]).toEqual([undefined, undefined, undefined]);
    const { resourceMetadata, authorizationServerUrl } = await provider.discoveryState();
    expect(resourceMetadata).toEqual({ resource: world.url, authorization_servers: [world.at.as] });
    expect([authorizationServerUrl, world.windows.length]).toEqual([world.at.as, 1]);
    const first = await provider.tokens();
    expect(first).toMatchObject({ token_type: expect.stringMatching(/^bearer$/i), issuer: world.at.as });
    expect(await provider.clientInformation()).toEqual({ client_id: "registered", issuer: world.at.as });

    // Two refused requests at once: one after the other, each with the newest refresh token.
    const other = world.server();
    await Promise.all([refreshAsSdk(provider), refreshAsSdk(provider)]);
    const sent = formsOf(world).flatMap((form) => form.get("refresh_token") ?? []);
    expect([sent.length, new Set(sent).size]).toEqual([2, 2]);
    const now = await provider.tokens();
    expect(now?.access_token).not.toBe(first?.access_token);
    // And another process has it.
    expect((await other.tokens.reread())?.accessToken).toBe(now?.access_token);
    expect(world.windows).toHaveLength(1);
  });

  it("that hears of a dead refresh token, or client, has the user log in next", async () => {
    for (const scope of ["tokens", "client"] as const) {
      const world = await startWorld();
      const provider = world.server().provider();
      await provider.discoveryState();
      await provider.prepareTokenRequest();
      await provider.invalidateCredentials(scope);
      expect(await provider.tokens()).toBeUndefined();
      await provider.discoveryState();
      expect(world.windows).toHaveLength(2);
      const registrations = world.received.as.filter(({ path }) => path === "/register");
      expect([scope, registrations.length]).toEqual([scope, scope === "client" ? 2 : 1]);
    }
  });

  it("keeps an SDK from a login of its own", async () => {
    const provider = (await startWorld()).server().provider();
    expect(() => provider.redirectToAuthorization()).toThrow(LoginRequiredError);
    expect(() => provider.codeVerifier()).toThrow(LoginRequiredError);
    provider.saveCodeVerifier();
    // What was not asked for is not taken.
    await provider.saveTokens({ access_token: "evil" });
    await provider.invalidateCredentials("all");
    expect(await provider.tokens()).toBeUndefined();
  });

  it("rejects where nobody may be asked, and is none for logins without a person", async () => {
    const world = await startWorld();
    await expect(world.server({ interactive: false }).provider().discoveryState()).rejects.toThrow(LoginRequiredError);
    const service = world.server({ grant: "client-credentials" }, { client: { clientId: "service" } });
    expect(() => service.provider()).toThrow(InvalidOptionError);
  });

  it("keeps an answer that comes later than it waits for one", async () => {
    const world = await startWorld();
    const provider = world.server({ timeout: 0.3 }).provider();
    await provider.discoveryState();
    await provider.prepareTokenRequest();
    await sleep(600);
    await provider
      .saveTokens({ access_token: "late", token_type: "Bearer", expires_in: 600, refresh_token: "only" } as never)
      .catch(() => {});
    await vi.waitFor(async () => expect((await provider.tokens())?.access_token).toBe("late"));
    expect(formsOf(world).filter((form) => form.has("refresh_token"))).toEqual([]);
  });

  it("takes no late answer for the one to the token request of another login", async () => {
    const world = await startWorld();
    const server = world.server({ timeout: 0.3 });
    const provider = server.provider();
    await provider.discoveryState();
    const asked = (await provider.prepareTokenRequest()).get("refresh_token");
    await sleep(600);
    // Another user, while the SDK waits for the answer about the one before.
    const other = await server.logIn();
    const next = await provider.prepareTokenRequest().catch((error: unknown) => error);
    expect(next instanceof URLSearchParams ? next.get("refresh_token") : undefined).not.toBe(asked);
    await provider.saveTokens({ access_token: "of-the-user-before", token_type: "Bearer", expires_in: 600 } as never).catch(() => {});
    await sleep(100);
    expect((await server.tokens.reread())?.accessToken).toBe(other.accessToken);
  });

  it("gives no refresh token away that is from another server than the one that the SDK knows", async () => {
    let moved = false;
    const script: Script = {
      resource: { [resourcePath]: (at) => ({ ...resourceOf(at), authorization_servers: [moved ? `${at.as}/new` : at.as] }) },
      metadata: { [metadataPath]: metadataOf, [`${metadataPath}/new`]: (at) => ({ ...metadataOf(at), issuer: `${at.as}/new` }) },
    };
    const world = await startWorld(script);
    const provider = world.server().provider();
    await provider.discoveryState();
    moved = true;
    // Another process logs in, while the SDK of this one is about to ask for its refresh token.
    const other = world.server();
    await other.logIn();
    await expect(provider.prepareTokenRequest()).rejects.toThrow("changed its authorization server");
    expect(formsOf(world).filter((form) => form.has("refresh_token"))).toEqual([]);
    // The login is as it was.
    expect((await call(other)).status).toBe(200);
    const next = world.server().provider();
    await next.discoveryState();
    expect((await next.prepareTokenRequest()).get("refresh_token")).toMatch(/^refresh-/);
    await next.invalidateCredentials("tokens");
  });
});

it("a fetch of the program's own may give plain objects, as that of `createOAuthClient` may", async () => {
  const world = await startWorld();
  const plain = async (url: string, init: RequestInit): Promise<object> => {
    const response = await fetch(url, init);
    const text = await response.text();
    return { status: response.status, headers: Object.fromEntries(response.headers), text: async () => text };
  };
  const server = world.server({ fetch: plain as NonNullable<McpLoginOptions["fetch"]> });
  expect((await call(server)).status).toBe(200);
});
