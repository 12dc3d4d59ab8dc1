import { describe, expect, it } from "vitest";
import type { OAuthClientOptions } from "@tokenflight/oauth";
import { logIn, type Body } from "./logged-in.ts";

const idToken = (claims: object): string =>
  `e30.${Buffer.from(JSON.stringify({ iss: "https://a.example", aud: "id", exp: 4e9, iat: 1e9, ...claims })).toString("base64url")}.c2ln`;

type IdToken = string | object;

const tokens = { access_token: "access-1", expires_in: 3600, refresh_token: "refresh-1" };

/** Where an answer may have an id token, and what else may be wrong with it. */
const answers: [string, number, (id: IdToken) => Body, Partial<OAuthClientOptions>?][] = [
  ["a good answer", 200, (id) => ({ ...tokens, id_token: id })],
  ["another name", 200, (id) => ({ ...tokens, idToken: id })],
  ["around the envelope", 200, (id) => ({ id_token: id, data: tokens }), { tokensAt: "data" }],
  ["around an envelope that nobody has named", 200, (id) => ({ id_token: id, data: tokens })],
  ["beside it in JSON text", 200, (id) => ({ body: JSON.stringify({ ...tokens, id_token: id }) }), { tokensAt: "body" }],
  ["an access token that is of no use", 200, (id) => ({ ...tokens, access_token: ["access-1"], id_token: id })],
  ["another token type", 200, (id) => ({ ...tokens, token_type: "mac", id_token: id })],
  ["an error beside it", 200, (id) => ({ ...tokens, error: "server_error", id_token: id })],
  ["status 500", 500, (id) => ({ ...tokens, id_token: id })],
];
/** The id token of the login, and that of the refresh. */
const others: [string, object, object | string, string][] = [
  ["another user", { sub: "ann" }, { sub: "bob" }, "another user (sub)"],
  ["another user as a number", { sub: "ann" }, { sub: 4711 }, "another user (sub)"],
  ["another number", { sub: 1 }, { sub: 2 }, "another user (sub)"],
  ["another user in a list", { sub: "ann" }, { sub: ["bob"] }, "another user (sub)"],
  ["another issuer", { sub: "ann" }, { sub: "ann", iss: "https://b.example" }, "another issuer (iss)"],
  ["another issuer in a list", { sub: "ann" }, { sub: "ann", iss: ["https://b.example"] }, "another issuer (iss)"],
];

describe.each(answers)(
  "nothing of an answer for somebody else is kept, and the error says so (field lines 99, 109): %s",
  (_, status, body, options) => {
    it.each(others)("%s", async (__, before, now, told) => {
      const { tokens: cache } = await logIn([[status, body(idToken(now as object))]], options, { id_token: idToken(before) });
      await expect(cache.renew(await cache.get())).rejects.toThrow(`the id token of ${told}. Nothing of the answer was kept`);
      expect(await cache.get()).toMatchObject({ accessToken: "access-0", refreshToken: "refresh-0" });
    });

    it("its claims as an object", async () => {
      const { tokens: cache } = await logIn([[status, body({ sub: "bob" })]], options, { id_token: idToken({ sub: "ann" }) });
      await expect(cache.renew(await cache.get())).rejects.toThrow("the id token of another user (sub)");
      expect(cache.peek()?.refreshToken).toBe("refresh-0");
    });

    it.each<[string, object, object]>([
      ["the same user", { sub: "ann" }, { sub: "ann" }],
      ["the same number, as text", { sub: 1 }, { sub: "1" }],
      ["nobody", { sub: "ann" }, { sub: null }],
      ["somebody, where nobody was named before", {}, { sub: "bob" }],
    ])("but %s: the refresh token is kept", async (__, before, now) => {
      const { tokens: cache } = await logIn([[status, body(idToken(now))]], options, { id_token: idToken(before) });
      await cache.renew(await cache.get()).catch(() => {});
      expect(cache.peek()?.refreshToken).toBe("refresh-1");
    });
  },
);

/** Where an answer may have an id token that is not beside its access token. */
const elsewhere: [string, (id: IdToken) => object][] = [
  ["of its user", (id) => ({ user: { id_token: id } })],
  ["of an identity", (id) => ({ user: { identities: [{ provider: "b", idToken: id }] } })],
  ["of a server upstream", (id) => ({ upstream: { access_token: "theirs", refresh_token: "theirs", id_token: id } })],
  ["in JSON text", (id) => ({ upstream: JSON.stringify({ id_token: id }) })],
];
/** The places where an answer's own id token may be, and what is one there. */
const own: [string, (id: IdToken | undefined, more: object) => Body, Partial<OAuthClientOptions>?][] = [
  ["beside the access token", (id, more) => ({ ...tokens, id_token: id, ...more })],
  ["beside it, by another name", (id, more) => ({ ...tokens, idToken: id, ...more })],
  ["in the envelope", (id, more) => ({ data: { ...tokens, id_token: id }, ...more }), { tokensAt: "data" }],
  ["in the envelope, the tokens around it", (id, more) => ({ ...tokens, data: { id_token: id }, ...more }), { tokensAt: "data" }],
  ["around the envelope", (id, more) => ({ id_token: id, data: { ...tokens, ...more } }), { tokensAt: "data" }],
];
const ofElsewhere: [string, object, boolean][] = [
  ["another user of the same issuer", { sub: "bob" }, true],
  ["another user of the same issuer, a number", { sub: 4711 }, true],
  ["another user of another issuer", { sub: "bob", iss: "https://b.example" }, false],
  ["this user of another issuer", { sub: "ann", iss: "https://b.example" }, false],
  ["another user of several issuers", { sub: "bob", iss: ["https://a.example"] }, false],
  ["another user of nobody", { sub: "bob", iss: undefined }, false],
];
const places = own.flatMap(([place, body, options]) => elsewhere.map(([where, nested]) => ({ place, body, options, where, nested })));

describe("an id token that is not beside the access token (field line 99)", () => {
  const ann = { id_token: idToken({ sub: "ann" }) };
  const held = async (body: Body, options: Partial<OAuthClientOptions> | undefined): Promise<unknown[]> => {
    const { tokens: cache } = await logIn([[200, body]], options, ann);
    await cache.renew(await cache.get()).catch(() => {});
    return [cache.peek()?.accessToken, cache.peek()?.refreshToken];
  };

  it.each(places)("$where, counts for nothing where there is one $place", async ({ body, options, nested }) => {
    for (const [whose, claims] of ofElsewhere) {
      const answer = body(idToken({ sub: "ann" }), nested(idToken(claims)));
      expect([whose, await held(answer, options)]).toEqual([whose, ["access-1", "refresh-1"]]);
    }
  });

  it.each(places)("$where, of this user, does not excuse another one $place", async ({ body, options, nested }) => {
    for (const other of [{ sub: "bob" }, { sub: "ann", iss: "https://b.example" }]) {
      expect(await held(body(idToken(other), nested(idToken({ sub: "ann" }))), options)).toEqual(["access-0", "refresh-0"]);
    }
  });

  it.each(places)("$where, counts when it is another user's of the same issuer and none is $place", async ({ body, options, nested }) => {
    for (const [whose, claims, counts] of ofElsewhere) {
      for (const none of [undefined, "", "none", "a.b.c"]) {
        const expected = counts ? ["access-0", "refresh-0"] : ["access-1", "refresh-1"];
        expect([whose, await held(body(none, nested(idToken(claims))), options)]).toEqual([whose, expected]);
      }
    }
  });

  it.each(elsewhere)("%s, and the tokens are there, too: they are somebody else's", async (_, nested) => {
    const theirs = { access_token: "theirs", refresh_token: "theirs" };
    const other = idToken({ sub: "ann", iss: "https://b.example" });
    const all = [{ data: { ...theirs, id_token: other } }, { ...nested(other), data: { ...theirs, idToken: other } }];
    for (const body of all) expect(await held(body, {})).toEqual(["access-0", "refresh-0"]);
  });
});

it.each([
  ["a warning before the JSON", (json: string) => `Warning: deprecated ${json}`],
  ["an end that is missing", (json: string) => json.slice(0, -1)],
])("nothing of it is kept where it is no JSON: %s (field line 99)", async (_, write) => {
  const answer = write(JSON.stringify({ ...tokens, id_token: idToken({ sub: "bob" }) }));
  const { tokens: cache } = await logIn([[200, answer]], {}, { id_token: idToken({ sub: "ann" }) });
  await expect(cache.renew(await cache.get())).rejects.toThrow("the id token of another user (sub)");
  expect(cache.peek()?.refreshToken).toBe("refresh-0");
});

it("an id token of this user in what is no JSON says whose answer it is (field line 99)", async () => {
  const all = { ...tokens, id_token: idToken({ sub: "ann" }), upstream: { id_token: idToken({ sub: "4711", iss: "https://b.example" }) } };
  const { tokens: cache } = await logIn([[200, `Warning: deprecated ${JSON.stringify(all)}`]], {}, { id_token: idToken({ sub: "ann" }) });
  await cache.renew(await cache.get()).catch(() => {});
  expect(cache.peek()?.refreshToken).toBe("refresh-1");
});

describe("a server that has moved to another issuer (field line 102)", () => {
  const [before, now] = [idToken({ sub: "ann" }), idToken({ sub: "ann", iss: "https://b.example" })];

  it("is the same one where the program names that issuer: the tokens are taken", async () => {
    const { tokens: cache } = await logIn(
      [[200, { ...tokens, id_token: now }]],
      { expectedIssuer: "https://b.example" },
      { id_token: before },
    );
    await cache.renew(await cache.get());
    expect(await cache.get()).toMatchObject({ accessToken: "access-1", refreshToken: "refresh-1" });
  });

  it.each([
    ["of another user", { expectedIssuer: "https://b.example" }, idToken({ sub: "bob", iss: "https://b.example" })],
    ["of a third issuer", { expectedIssuer: "https://b.example" }, idToken({ sub: "ann", iss: "https://c.example" })],
    ["where the program names none", {}, now],
  ])("but not %s", async (_, options, other) => {
    const { tokens: cache } = await logIn([[200, { ...tokens, id_token: other }]], options, { id_token: before });
    await expect(cache.renew(await cache.get())).rejects.toThrow("Nothing of the answer was kept");
    expect(cache.peek()?.refreshToken).toBe("refresh-0");
  });
});

describe("an issuer is the same one in another spelling (field line 102)", () => {
  const held = async (before: string, now: string, options: Partial<OAuthClientOptions> = {}): Promise<string | undefined> => {
    const answer = { ...tokens, id_token: idToken({ sub: "ann", iss: now }) };
    const { tokens: cache } = await logIn([[200, answer]], options, { id_token: idToken({ sub: "ann", iss: before }) });
    await cache.renew(await cache.get()).catch(() => {});
    return cache.peek()?.refreshToken;
  };

  it.each([
    ["https://a.example", "https://a.example/"],
    ["https://a.example/realms/x", "https://A.Example/realms/x/"],
    ["https://a.example/x", "https://a.example:443/x"],
    ["https://accounts.google.com", "accounts.google.com"],
  ])("%s and %s", async (one, other) => {
    for (const [before, now] of [
      [one, other],
      [other, one],
    ] as const) {
      expect(await held(before, now)).toBe("refresh-1");
      expect(await held("https://b.example", now, { expectedIssuer: "https://b.example" })).toBe("refresh-0");
    }
    if (URL.canParse(one)) expect(await held("https://b.example", other, { expectedIssuer: one })).toBe("refresh-1");
  });

  it.each([
    ["https://a.example", "http://a.example"],
    ["https://a.example/x", "https://a.example/X"],
    ["https://a.example", "a.example"],
    ["https://a.example", "https://a.example:8443"],
    ["urn:a", "tag:a"],
  ])("but not %s and %s", async (before, now) => {
    expect(await held(before, now)).toBe("refresh-0");
  });
});
