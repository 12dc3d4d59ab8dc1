import type { McpServer } from "@tokenflight/mcp";
import { clientSecretBasic } from "@tokenflight/oauth";
import { describe, expect, it } from "vitest";
import { AuthorizationServers } from "../src/discovery/authorization-servers.ts";
import { call, metadataOf, metadataPath, Reply, resourceOf, resourcePath, startWorld, type Script, type World } from "./world.ts";

const grant = { grant: "client-credentials" } as const;
const byHand = { client: { clientId: "service", clientAuth: clientSecretBasic("s3cret") } };

describe("a token endpoint that moves is found again by a process that goes on", () => {
  const fresh = (): object => ({ access_token: `a-${Math.random()}`, token_type: "Bearer", expires_in: 600, refresh_token: "moved" });

  async function started(): Promise<{ readonly world: World; move(): void }> {
    let isMoved = false;
    const script: Script = {
      metadata: {
        [metadataPath]: (at) => ({ ...metadataOf(at), ...(isMoved && { token_endpoint: `${at.as}/moved` }) }),
        "/moved": fresh,
      },
      token: () => (isMoved ? new Reply(404, "<p>Nothing is here.</p>") : fresh()),
    };
    return { world: await startWorld(script), move: () => void (isMoved = true) };
  }

  const pathsOf = ({ received }: World): string[] => received.as.map(({ path }) => path).filter((path) => path !== "/register");

  it("with the tokens of a user", async () => {
    const { world, move } = await started();
    const server = world.server();
    await call(server);
    move();
    const tokenSet = await server.tokens.get();
    await expect(server.tokens.renew(tokenSet)).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_REFUSED", status: 404 });
    await expect
      .poll(() => server.tokens.renew(tokenSet).then(({ refreshToken }) => refreshToken, String), { timeout: 5000 })
      .toBe("moved");
    expect(pathsOf(world)).toEqual([metadataPath, "/token", "/token", metadataPath, "/moved"]);
  });

  it("with tokens of the program itself, of which there are none any more", async () => {
    const { world, move } = await started();
    const server = world.server(grant, byHand);
    await call(server);
    await server.tokens.forget();
    move();
    await expect(server.tokens.get()).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_REFUSED", status: 404 });
    await expect.poll(() => server.tokens.get().then(() => true, String), { timeout: 5000 }).toBe(true);
    expect(pathsOf(world)).toEqual([metadataPath, "/token", "/token", metadataPath, "/moved"]);
  });
});

it("an issuer is not taken for what a server of the same address says that nobody has named", async () => {
  const { at } = await startWorld({
    metadata: {
      [metadataPath]: ({ as }) => ({ ...metadataOf({ mcp: as, as, evil: as }), issuer: `${as}/tenant` }),
      "/.well-known/openid-configuration": metadataOf,
    },
  });
  const servers = new AuthorizationServers();
  const asking = { fetch, timeout: 2000, signal: undefined };
  const of = (binding: { issuer: string; at: string | undefined }): Promise<string> =>
    servers.of({ ...binding, resource: at.mcp, clientId: "c", scopes: [] }, asking).then(({ issuer }) => issuer);
  const bindings = [
    { issuer: `${at.as}/tenant`, at: at.as },
    { issuer: at.as, at: undefined },
  ];
  for (const binding of [...bindings, ...bindings]) expect(await of(binding)).toBe(binding.issuer);
});

describe("a scope that a server has no more", () => {
  /** It says at first that it begins with both. */
  async function started(): Promise<{ readonly world: World; withdraw(): void }> {
    let scopes = ["read", "list"];
    const knows = (scope: string | null | undefined): boolean => scope?.split(" ").every((one) => scopes.includes(one)) ?? true;
    const script: Script = {
      challenge: ({ mcp }) => `Bearer scope="${scopes.join(" ")}", resource_metadata="${mcp}${resourcePath}"`,
      resource: { [resourcePath]: (at) => ({ ...resourceOf(at), scopes_supported: scopes }) },
      answer: (token) => (knows(token.split("_")[1]?.replace("-", " ")) ? undefined : new Reply(401, {}, { "www-authenticate": "Bearer" })),
      callback: (sent) => (knows(sent.get("scope")) ? {} : { code: "", error: "invalid_scope" }),
      token: (form) => {
        const scope = form.get("scope") ?? "read list";
        if (form.get("grant_type") === "refresh_token") return new Reply(400, { error: "invalid_grant" });
        if (form.get("grant_type") === "client_credentials" && !knows(scope)) return new Reply(400, { error: "invalid_scope" });
        return { access_token: `a-${Math.random()}_${scopes.join("-")}`, token_type: "Bearer", expires_in: 600, refresh_token: "r" };
      },
    };
    return { world: await startWorld(script), withdraw: () => void (scopes = ["read"]) };
  }

  const scopesOf = ({ received }: World): (string | null)[] =>
    received.as.filter(({ path }) => path === "/token").map(({ body }) => new URLSearchParams(body).get("scope"));
  const renewed = async ({ tokens }: McpServer): Promise<unknown> => tokens.renew(await tokens.get());

  it("is asked for once, and not again, in the process that has it or in another", async () => {
    for (const isAnother of [false, true]) {
      const { world, withdraw } = await started();
      const first = world.server(grant, byHand);
      await call(first);
      withdraw();
      const server = isAnother ? world.server(grant, byHand) : first;
      await expect(renewed(server)).resolves.toBeDefined();
      await expect(renewed(server)).resolves.toBeDefined();
      expect(scopesOf(world)).toEqual(["read list", "read list", "read", "read"]);
    }
  });

  it("is not asked for again in the next login of a user", async () => {
    const { world, withdraw } = await started();
    const server = world.server();
    await call(server);
    withdraw();
    await expect(call(server)).rejects.toMatchObject({ code: "ERR_LOGIN_FAILED", error: "invalid_scope" });
    expect((await call(server)).status).toBe(200);
    expect(world.windows.map(({ searchParams }) => searchParams.get("scope"))).toEqual(["read list", "read list", "read"]);
  });
});

describe("metadata at an address that a challenge has named is looked for there", () => {
  const custom = "/about/this-server";
  const further: Record<string, string> = {
    "a 403 that does not name it again": 'Bearer error="insufficient_scope", scope="write"',
    "a 401 that does not name it again": 'Bearer error="invalid_token"',
    "a 401 without a challenge": "",
  };

  it.each(Object.entries(further))("after %s", async (_, challenge) => {
    const isForScope = challenge.includes("scope");
    const script: Script = {
      challenge: ({ mcp }) => `Bearer resource_metadata="${mcp}${custom}"`,
      resource: { [custom]: (at) => ({ ...resourceOf(at), scopes_supported: ["read"] }) },
      answer: (token) =>
        token === "second" ? undefined : new Reply(isForScope ? 403 : 401, {}, challenge === "" ? {} : { "www-authenticate": challenge }),
      token: (form) => {
        if (form.get("grant_type") === "refresh_token") return new Reply(400, { error: "invalid_grant" });
        logins += 1;
        return { access_token: logins === 1 ? "first" : "second", token_type: "Bearer", expires_in: 600, refresh_token: "r" };
      },
    };
    let logins = 0;
    const world = await startWorld(script);
    const server = world.server();
    expect((await call(server)).status).toBe(200);
    expect(world.windows.map(({ origin }) => origin)).toEqual([world.at.as, world.at.as]);
  });
});
