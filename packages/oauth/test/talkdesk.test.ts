import { describe, expect, it } from "vitest";
import { InvalidOptionError, readTokenResponse } from "@tokenflight/core";
import { createOAuthClient } from "@tokenflight/oauth";
import { advancedDialerRefused, installationFrom, sessionIdOf, talkdesk, type TalkdeskOptions } from "@tokenflight/oauth/talkdesk";
import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { call } from "./call.ts";

const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");

describe("the region table", () => {
  it.each([
    ["us", "https://acme.talkdeskid.com", "https://api.talkdeskapp.com"],
    ["eu", "https://acme.talkdeskid.eu", "https://api.talkdeskapp.eu"],
    ["ca", "https://acme.talkdeskidca.com", "https://api.talkdeskappca.com"],
  ] as const)("%s", (region, identity, api) => {
    const service = talkdesk({ account: "acme", region });
    expect(service.oauth).toMatchObject({
      tokenEndpoint: `${identity}/oauth/token`,
      authorizationEndpoint: `${identity}/oauth/authorize`,
    });
    expect(service.adapter).toEqual({ origins: [api] });
    expect(service.apiOrigin).toBe(api);
  });

  it("takes us when no region is named", () => {
    expect(talkdesk({ account: "Acme" }).oauth.tokenEndpoint).toBe("https://acme.talkdeskid.com/oauth/token");
  });

  it("asks for the API's origin in au, where it is not documented", () => {
    expect(() => talkdesk({ account: "acme", region: "au" })).toThrow(/talkdesk\.apiOrigin: expected the API's origin for the region "au"/);
    const service = talkdesk({ account: "acme", region: "au", apiOrigin: "https://api.mytalkdesk.au" });
    expect(service.oauth.tokenEndpoint).toBe("https://acme.talkdeskid.au/oauth/token");
    expect(service.adapter.origins).toEqual(["https://api.mytalkdesk.au"]);
  });

  it("gives way to hosts of one's own", () => {
    const service = talkdesk({ identityOrigin: "http://127.0.0.1:1", apiOrigin: "https://api.example.com/" });
    expect(service.oauth.authorizationEndpoint).toBe("http://127.0.0.1:1/oauth/authorize");
    expect(service.apiOrigin).toBe("https://api.example.com");
  });
});

it.each<[object, RegExp]>([
  [{}, /talkdesk\.account/],
  [{ account: "" }, /talkdesk\.account/],
  [{ account: "evil.example/x" }, /an account's name/],
  [{ account: "a@b" }, /an account's name/],
  [{ account: "-a" }, /an account's name/],
  [{ account: "acme", region: "uk" }, /talkdesk\.region/],
  [{ account: "acme", region: "__proto__" }, /talkdesk\.region/],
  [{ account: "acme", apiOrigin: "http://api.example.com" }, /talkdesk\.apiOrigin: expected an https URL/],
  [{ account: "acme", apiOrigin: "https://api.example.com/v1" }, /an origin without a path/],
  [{ account: "acme", identityHost: "x" }, /unknown option/],
])("refuses %o", (options, message) => {
  expect(() => talkdesk(options as TalkdeskOptions)).toThrow(InvalidOptionError);
  expect(() => talkdesk(options as TalkdeskOptions)).toThrow(message);
});

it("has what the documentation says: raw Basic, ten minutes, single use, a 401 that passes, STS without Bearer", async () => {
  const { basic, cache, oauth, sts } = talkdesk({ account: "acme" });
  const sent: RequestInit[] = [];
  const fetch = async (_: string, init: RequestInit): Promise<Response> => (sent.push(init), Response.json({ access_token: "sts-token" }));
  const tokenSet = await call(
    createOAuthClient({ ...oauth, clientId: "<client_id>", clientAuth: basic("<client_secret>"), fetch }).clientCredentials(),
  );
  expect(new Headers(sent[0]?.headers).get("authorization")).toBe("Basic PGNsaWVudF9pZD46PGNsaWVudF9zZWNyZXQ+");
  expect(cache).toEqual({ freshness: { defaultLifetime: 600 } });
  expect(oauth).toMatchObject({ refreshTokens: "single-use", passingStatuses: [401] });
  expect(await sts.scheme(tokenSet, { method: "GET", url: "https://api.talkdeskapp.com/" })).toEqual({ authorization: "sts-token" });
});

it("reads the session id", () => {
  const of = (sid: unknown): string | undefined => sessionIdOf(readTokenResponse({ access_token: "a", sid }, 0));
  expect([of("s1"), of(""), of(7), of(undefined)]).toEqual(["s1", undefined, undefined, undefined]);
});

describe("Advanced Dialer refuses a token", () => {
  const refusal = { statusCode: 3, message: "authentication failed", payload: null };
  const json = { headers: { "content-type": "application/json" } };

  it.each<[string, unknown]>([
    ["a Response with code 3 and status 200", Response.json(refusal)],
    ["a Response with status 401", new Response(null, { status: 401 })],
    ["axios", { status: 200, data: refusal }],
    ["got, as text", { statusCode: 200, body: JSON.stringify(refusal) }],
    ["got, as bytes", { statusCode: 200, body: Buffer.from(JSON.stringify(refusal)) }],
    ["undici, by its status", { statusCode: 401, headers: {} }],
  ])("in %s", async (_, response) => {
    expect(await advancedDialerRefused(response)).toBe(true);
  });

  it.each<[string, unknown]>([
    ["code 4, a missing permission", Response.json({ ...refusal, statusCode: 4 })],
    ["code 10, too many requests", { status: 429, data: { ...refusal, statusCode: 10 } }],
    ["no JSON", new Response(JSON.stringify(refusal))],
    ["broken JSON", new Response('{"statusCode":3', json)],
    ["more than a refusal's length", new Response(JSON.stringify({ ...refusal, message: "m".repeat(5000) }), json)],
    ["no body", new Response(null, json)],
    ["text that goes on", { status: 200, data: JSON.stringify({ ...refusal, message: "m".repeat(5000) }) }],
    ["nothing", undefined],
  ])("but not in %s", async (_, response) => {
    expect(await advancedDialerRefused(response)).toBe(false);
  });

  it("and the response stays unread", async () => {
    const response = Response.json(refusal);
    await advancedDialerRefused(response);
    expect(await response.json()).toEqual(refusal);
  });
});

const installed = {
  type: "app.installed",
  id: "8b62e0c6001548d7b59f8240d79cb0d7",
  created_at: "2016-06-14T16:23:07Z",
  app_id: "app",
  data: {
    installation_id: "inst",
    account_id: "acc",
    account_name: "starship",
    client_id: "client-1",
    client_secret: "canary-secret",
    private_key: key,
    public_key: "x",
    key_id: "key-1",
    key_algorithm: "ES256",
  },
  _links: { root: { href: "https://api.talkdeskapp.eu" } },
};

function without(path: string, value?: unknown): object {
  const copy = structuredClone(installed) as Record<string, unknown>;
  const names = path.split(".");
  const last = names.pop() ?? "";
  const holder = names.reduce((fields, name) => fields[name] as Record<string, unknown>, copy);
  holder[last] = value;
  return copy;
}

describe("an installation", () => {
  it("finds its hosts by the API's origin and the account's name", () => {
    const installation = installationFrom(installed);
    expect(installation).toMatchObject({ id: "inst", appId: "app", accountId: "acc", accountName: "starship" });
    expect(installation.oauth).toMatchObject({ clientId: "app/inst", tokenEndpoint: "https://starship.talkdeskid.eu/oauth/token" });
    expect(installation.oauth.authorizationEndpoint).toBe("https://starship.talkdeskid.eu/oauth/authorize");
    expect(installation.adapter.origins).toEqual(["https://api.talkdeskapp.eu"]);
  });

  it("in a region that nobody knows wants the token endpoint", () => {
    const event = without("_links.root.href", "https://api.talkdeskapp.au");
    expect(() => installationFrom(event)).toThrow(/installationFrom\.tokenEndpoint/);
    const { oauth } = installationFrom(event, { tokenEndpoint: "https://starship.talkdeskid.au/oauth/token" });
    expect(oauth.authorizationEndpoint).toBe("https://starship.talkdeskid.au/oauth/authorize");
  });

  it("shows no credential", () => {
    const shown = inspect(installationFrom(installed), { depth: 9, showHidden: true }) + JSON.stringify(installationFrom(installed));
    expect(shown).not.toContain("canary");
    expect(shown).not.toContain(key.slice(10, 40));
  });

  it.each<[string, unknown]>([
    ["type", "app.updated"],
    ["type", "app.credentials_rotated"],
    ["app_id", "../../x"],
    ["app_id", undefined],
    ["created_at", "yesterday"],
    ["data", undefined],
    ["data", [1]],
    ["data.installation_id", "a/b"],
    ["data.client_id", ""],
    ["data.client_secret", undefined],
    ["data.private_key", "canary"],
    ["data.private_key", 7],
    ["data.key_id", ""],
    ["data.key_algorithm", "none"],
    ["data.key_algorithm", "HS256"],
    ["data.key_algorithm", "ES384"],
    ["data.account_name", "evil.example/"],
    ["_links", undefined],
    ["_links.root", {}],
    ["_links.root.href", "http://api.talkdeskapp.eu"],
    ["_links.root.href", "https://user:canary@api.talkdeskapp.eu"],
    ["_links.token", { href: "http://evil.example/oauth/token" }],
    ["_links.token", "https://x.example"],
  ])("is not made of an event with another %s: %o", (path, value) => {
    const make = (): unknown => installationFrom(without(path, value));
    expect(make).toThrow(InvalidOptionError);
    expect(make).not.toThrow(/canary/);
  });

  it("reads an event's own fields only", () => {
    expect(() => installationFrom(Object.create(installed))).toThrow(InvalidOptionError);
    expect(() => installationFrom(undefined)).toThrow(/event: expected an object, got nothing/);
  });
});

describe("a rotation", () => {
  const rotated = (changes: object = {}, created_at = new Date().toISOString()): object => ({
    ...installed,
    type: "app.credentials_rotated",
    created_at,
    data: { ...installed.data, client_id: "client-2", key_id: "key-2", ...changes },
  });
  const idsOf = async ({ oauth }: ReturnType<typeof installationFrom>): Promise<string[]> => {
    const sets = await oauth.credentials();
    return (Array.isArray(sets) ? sets : [sets]).map(({ clientId }) => clientId);
  };

  it("uses the new credentials at once, and the old ones as the fallback", async () => {
    const installation = installationFrom(installed);
    expect(installation.rotate(rotated())).toBe(true);
    expect(await idsOf(installation)).toEqual(["client-2", "client-1"]);
  });

  it("uses the old ones for seven days", async () => {
    const installation = installationFrom(installed);
    const eightDays = 8 * 24 * 3_600_000;
    expect(installation.rotate(rotated({}, new Date(Date.now() - eightDays).toISOString()))).toBe(true);
    expect(await idsOf(installation)).toEqual(["client-2"]);
  });

  it("keeps nothing of what was compromised", async () => {
    const installation = installationFrom(installed);
    installation.rotate(rotated(), { compromised: true });
    expect(await idsOf(installation)).toEqual(["client-2"]);
  });

  it("changes nothing the second time, or late", async () => {
    const installation = installationFrom(installed);
    installation.rotate(rotated());
    expect(installation.rotate(rotated())).toBe(false);
    expect(installation.rotate(rotated({ client_id: "client-0" }, "2017-01-01T00:00:00Z"))).toBe(false);
    expect(await idsOf(installation)).toEqual(["client-2", "client-1"]);
  });

  it("of another installation, or that is not valid, is refused and changes nothing", async () => {
    const installation = installationFrom(installed);
    for (const event of [rotated({ installation_id: "other" }), rotated({ private_key: "" }), installed, null]) {
      expect(() => installation.rotate(event)).toThrow(InvalidOptionError);
    }
    expect(await idsOf(installation)).toEqual(["client-1"]);
  });

  it.each([403, 404, 500])("that is acknowledged with %i rejects and keeps the fallback", async (status) => {
    const installation = installationFrom(installed);
    installation.rotate(rotated());
    const failing = installation.acknowledge(async () => new Response(null, { status }));
    await expect(failing).rejects.toMatchObject({ name: "TokenRequestError", status });
    expect(await idsOf(installation)).toEqual(["client-2", "client-1"]);
  });
});
