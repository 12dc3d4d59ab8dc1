import { createTokenCache, TokenRequestError } from "@tokenflight/core";
import {
  clientSecretBasic,
  createOAuthClient,
  noClientAuth,
  type OAuthClient,
  type OAuthClientOptions,
  type OAuthEvent,
} from "@tokenflight/oauth";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { startAuthorizationServer } from "../servers/authorization-server.ts";
import { startLoopback, type Loopback } from "../servers/loopback.ts";
import { nameThisMachine } from "../setup/host-name.ts";

const name = "keycloak.internal";

beforeEach(() => {
  const named = nameThisMachine(name);
  return () => named[Symbol.dispose]();
});

const byName = (url: string): string => url.replace("127.0.0.1", name);

function clientOf(options: Partial<OAuthClientOptions>): { client: OAuthClient; events: OAuthEvent[] } {
  const events: OAuthEvent[] = [];
  const observe = (event: OAuthEvent): void => void events.push(event);
  return { client: createOAuthClient({ clientId: "id", clientAuth: noClientAuth(), observe, ...options }), events };
}

/** What getting a token comes to: the token, or the message of the error. */
async function outcomeOf(client: OAuthClient): Promise<string> {
  const tokens = createTokenCache({ source: client.clientCredentials() });
  return tokens.get().then(
    ({ accessToken }) => accessToken,
    (error: Error) => error.message,
  );
}

interface Issuer extends Loopback {
  readonly asked: string[];
}

/** A server at `issuer` whose metadata says this of its endpoints. */
async function startIssuer(metadataOf: (issuer: string) => object): Promise<Issuer> {
  const asked: string[] = [];
  const loopback = await startLoopback((origin) => (request, response) => {
    asked.push(`${request.headers.host?.split(":")[0]} ${request.url}`);
    const isMetadata = request.url?.startsWith("/.well-known/") === true;
    const answer = isMetadata ? { issuer: byName(origin), ...metadataOf(byName(origin)) } : { access_token: "token", expires_in: 60 };
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  });
  return { ...loopback, asked };
}

describe("plain http inside one's own network (field line 108)", () => {
  it("a whole login at a real authorization server: the listed origin is told to observe once", async () => {
    await using server = await startAuthorizationServer({ accessTokenLifetime: 600 });
    const { clientId, clientSecret } = server.client;
    const origin = byName(server.origin);
    const { client, events } = clientOf({
      tokenEndpoint: byName(server.tokenEndpoint),
      jwksUri: byName(server.jwksUri),
      revocationEndpoint: byName(server.revocationEndpoint),
      // The name that the world outside knows it by.
      expectedIssuer: server.issuer,
      clientId,
      clientAuth: clientSecretBasic(clientSecret),
      allowInsecureOrigins: [origin],
    });
    const tokens = createTokenCache({ source: client.refreshToken() });
    await tokens.save(await client.exchangeCode(await server.login()));
    await tokens.renew(await tokens.get());
    await tokens.forget({ revoke: true });
    expect(server.stats.tokenRequests).toEqual({ authorization_code: 1, refresh_token: 1 });
    expect(events.filter(({ type }) => type === "insecure-origin")).toEqual([{ type: "insecure-origin", origin }]);
  });

  it("an issuer that is listed, and whose metadata stays there", async () => {
    await using server = await startIssuer((issuer) => ({ token_endpoint: `${issuer}/token` }));
    const { client, events } = clientOf({ issuer: byName(server.origin), allowInsecureOrigins: [byName(server.origin)] });
    expect(await outcomeOf(client)).toBe("token");
    expect(server.asked).toEqual([`${name} /.well-known/oauth-authorization-server`, `${name} /token`]);
    expect(events).toEqual([{ type: "insecure-origin", origin: byName(server.origin) }]);
  });

  it("the metadata of a listed issuer may lead to https and to what is listed, and nowhere else", async () => {
    await using elsewhere = await startIssuer(() => ({}));
    const listed = byName(elsewhere.origin);
    const leadingTo = async (endpoint: string): Promise<string> => {
      await using server = await startIssuer(() => ({ token_endpoint: endpoint }));
      return await outcomeOf(clientOf({ issuer: byName(server.origin), allowInsecureOrigins: [byName(server.origin), listed] }).client);
    };
    expect(await leadingTo(`${listed}/token`)).toBe("token");
    // This machine is not the network that the issuer is in.
    for (const endpoint of [`${elsewhere.origin}/token`, "http://other.internal/token", `http://${name}:1/token`, "http://localhost:1/"]) {
      expect(await leadingTo(endpoint)).toMatch(/^The metadata of the issuer .* names a token endpoint that is not https\.$/);
    }
    expect(elsewhere.asked).toEqual([`${name} /token`]);
  });

  it("the metadata of an https issuer never leads to http, whatever is listed", async () => {
    const asked: string[] = [];
    const fetch = async (url: string): Promise<Response> => {
      asked.push(url);
      return Response.json({ issuer: "https://auth.example.com", token_endpoint: "http://keycloak.internal:8080/token" });
    };
    const issuer = "https://auth.example.com";
    const { client, events } = clientOf({ issuer, allowInsecureOrigins: ["http://keycloak.internal:8080"], fetch });
    expect(await outcomeOf(client)).toContain("names a token endpoint that is not https");
    expect(asked.filter((url) => !url.startsWith("https://auth.example.com/.well-known/"))).toEqual([]);
    expect(events).toEqual([]);
  });

  it("an endpoint that the program itself names may be listed although its issuer is https", async () => {
    await using server = await startIssuer(() => ({}));
    const { client } = clientOf({
      tokenEndpoint: `${byName(server.origin)}/token`,
      expectedIssuer: "https://auth.example.com",
      allowInsecureOrigins: [byName(server.origin)],
    });
    expect(await outcomeOf(client)).toBe("token");
  });

  it("what is not listed is refused before anything is sent, for each option that names a place", () => {
    const places = [
      "tokenEndpoint",
      "issuer",
      "revocationEndpoint",
      "introspectionEndpoint",
      "deviceAuthorizationEndpoint",
      "jwksUri",
    ] as const;
    for (const place of [...places, "authorizationEndpoint", "expectedIssuer"] as const) {
      const known = place === "tokenEndpoint" || place === "issuer" ? {} : { tokenEndpoint: "https://auth.example.com/token" };
      const create = (url: string) => () => clientOf({ ...known, [place]: url, allowInsecureOrigins: ["http://keycloak:8080"] });
      expect(create("http://keycloak:8080/realms/main")).not.toThrow();
      for (const url of ["http://keycloak:8081/", "http://keycloak/", "http://keycloak.example.com:8080/", "ws://keycloak:8080/"]) {
        expect(create(url)).toThrow(`${place}: expected an https URL, or http to this machine`);
      }
    }
  });

  it("in any spelling, the origins that are listed are permitted, and no other ones", () => {
    const host = fc.constantFrom("keycloak", "KeyCloak", "10.0.0.7", "0x0a.7", "[fd00::7]", "[FD00:0:0::7]", "bücher.internal", "a.b");
    const origin = fc.tuple(
      fc.constantFrom("http", "HTTP"),
      host,
      fc.constantFrom("", ":80", ":8080", ":08080", ":"),
      fc.constantFrom("", "/"),
    );
    const text = origin.map(([scheme, at, port, slash]) => `${scheme}://${at}${port}${slash}`);
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 3 }),
        text,
        fc.constantFrom("token", "a/../token?x=http://keycloak"),
        (listed, given, path) => {
          const isListed = listed.some((one) => new URL(one).origin === new URL(given).origin);
          const create = (): unknown => clientOf({ tokenEndpoint: `${given.replace(/\/$/, "")}/${path}`, allowInsecureOrigins: listed });
          if (isListed) expect(create).not.toThrow();
          else expect(create).toThrow("tokenEndpoint: expected an https URL");
        },
      ),
      { seed: 108 },
    );
  });

  it("an error of such a server is one like every other", async () => {
    await using server = await startIssuer(() => ({}));
    const { client } = clientOf({ tokenEndpoint: `http://${name}:1/token`, allowInsecureOrigins: [`http://${name}:1`] });
    const tokens = createTokenCache({ source: client.clientCredentials() });
    await expect(tokens.get()).rejects.toBeInstanceOf(TokenRequestError);
    expect(server.asked).toEqual([]);
  });
});
