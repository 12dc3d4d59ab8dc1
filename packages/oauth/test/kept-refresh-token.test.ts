import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { createTokenCache } from "@tokenflight/core";
import { createOAuthClient, noClientAuth, type FetchFunction } from "@tokenflight/oauth";
import { logIn, type Body } from "./logged-in.ts";

const good = { access_token: "access-1", token_type: "Bearer", expires_in: 3600, scope: "a b", refresh_token: "refresh-1" };
const next = [200, { access_token: "access-2", refresh_token: "refresh-2", expires_in: 3600 }] as const;

describe("an optional field that cannot be read (field line 99)", () => {
  it.each<[string, object, string[]]>([
    ["a lifetime below zero", { expires_in: -1 }, ["expires_in"]],
    ["a lifetime that is a word", { expires_in: "soon" }, ["expires_in"]],
    ["a scope that is a list of numbers", { scope: [1] }, ["scope"]],
    ["a scope that is an object", { scope: { read: true } }, ["scope"]],
    ["a token type that is a list", { token_type: ["Bearer"] }, ["token_type"]],
    ["an id token that is an object", { id_token: {} }, ["id_token"]],
    ["several at once", { scope: [1], id_token: 1 }, ["scope", "id_token"]],
  ])("%s is left out and told, and the rest counts", async (_, odd, fields) => {
    const { tokens, events } = await logIn([[200, { ...good, ...odd }]]);
    const set = await tokens.renew(await tokens.get());
    expect(set).toMatchObject({ accessToken: "access-1", refreshToken: "refresh-1", tokenType: "Bearer" });
    const told = events.flatMap((event) => (event.type === "fields-ignored" ? [event.fields] : []));
    expect(told.map((names) => [...names].toSorted())).toEqual([fields.toSorted()]);
  });
});

describe("an access token that cannot be used, beside a new refresh token (field line 99)", () => {
  it.each<[string, number, Body]>([
    ["another type", 200, { ...good, token_type: "mac" }],
    ["a line break in the access token", 200, { ...good, access_token: "a\r\nb: c" }],
    ["no access token", 200, { ...good, access_token: undefined }],
    ["an access token that is an object", 200, { ...good, access_token: { value: "a" } }],
    ["an envelope that nobody has named", 200, { ok: true, data: good }],
    ["an error beside it", 200, { ...good, error: "server_error" }],
    ["status 500", 500, good],
    ["status 400", 400, good],
    ["a warning before the JSON", 200, `<b>Warning</b>: deprecated\n${JSON.stringify(good)}`],
    ["an end that is missing", 200, JSON.stringify({ ...good, last: "x" }).slice(0, -4)],
  ])("%s: it is kept, the old access token goes on being sent, and the next attempt sends the new one", async (_, status, body) => {
    const { tokens, sent } = await logIn([[status, body], next]);
    const old = await tokens.get();
    const error: Error = await tokens.renew(old).then(
      () => expect.unreachable(),
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_(?:INVALID_TOKEN_RESPONSE|TOKEN_REQUEST_)/) });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain("refresh-1");
    const kept = await tokens.get();
    expect([kept.accessToken, kept.refreshToken]).toEqual(["access-0", "refresh-1"]);
    // The pause after the failure lasts a second.
    await expect
      .poll(
        async () =>
          tokens.renew(await tokens.get()).then(
            ({ refreshToken }) => refreshToken,
            () => undefined,
          ),
        { timeout: 10_000, interval: 200 },
      )
      .toBe("refresh-2");
    expect(sent).toEqual(["refresh-0", "refresh-1"]);
  });

  it("says where the tokens are when they are in an envelope (field line 111)", async () => {
    const { tokens } = await logIn([[200, { ok: true, data: good }]]);
    await expect(tokens.renew(await tokens.get())).rejects.toThrow(
      'There are tokens in "data": the option tokensAt: "data" reads them there.',
    );
  });
});

it("a logout of a login of which only the refresh token is known revokes that one, and no empty text (field line 103)", async () => {
  const revoked: (string | null)[] = [];
  const fetch: FetchFunction = async (_, { body }) => {
    revoked.push(new URLSearchParams(body as string).get("token"));
    return new Response();
  };
  const endpoints = { tokenEndpoint: "https://a.example/token", revocationEndpoint: "https://a.example/revoke" };
  const client = createOAuthClient({ ...endpoints, clientId: "id", clientAuth: noClientAuth(), fetch });
  const tokens = createTokenCache({ source: client.refreshToken() });
  await tokens.save({ refresh_token: "refresh-0" });
  await tokens.forget({ revoke: true });
  expect(revoked).toEqual(["refresh-0"]);
});
