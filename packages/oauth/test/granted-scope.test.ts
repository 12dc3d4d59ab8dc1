import { describe, expect, it } from "vitest";
import { createOAuthClient, noClientAuth, type OAuthClient, type OAuthEvent } from "@tokenflight/oauth";
import { call, tokenSetWith } from "./call.ts";
import { always, startOddServer } from "./odd-server.ts";

type ScopeDiffers = Extract<OAuthEvent, { type: "scope-differs" }>;

async function startGiver(scope: unknown): Promise<{ client: OAuthClient; events: ScopeDiffers[] }> {
  const events: ScopeDiffers[] = [];
  const { tokenEndpoint } = await startOddServer(always(200, { access_token: "canary", scope }));
  const observe = (event: OAuthEvent): void => void events.push(event as ScopeDiffers);
  return { client: createOAuthClient({ tokenEndpoint, clientId: "id", clientAuth: noClientAuth(), observe }), events };
}

describe("tells that the scope is", () => {
  const grant = "client_credentials";

  it.each<[string, unknown, string[], string[]]>([
    ["narrower", "read", ["write"], []],
    ["wider", "read write admin", [], ["admin"]],
    ["another one", "admin", ["read", "write"], ["admin"]],
    ["narrower, in a list", ["write"], ["read"], []],
    ["wider, with odd white space", " write\tread  admin\n", [], ["admin"]],
  ])("%s", async (_, scope, missing, added) => {
    const { client, events } = await startGiver(scope);
    const tokenSet = await call(client.clientCredentials({ scope: "read write" }));
    expect(tokenSet.scope).toBe(Array.isArray(scope) ? scope.join(" ") : scope);
    expect(events).toEqual([{ type: "scope-differs", grant, missing, added }]);
  });

  it("narrower than what was granted before, when a refresh asks for none", async () => {
    const { client, events } = await startGiver("read");
    const previous = Object.assign(tokenSetWith("r1"), { scope: "read write" });
    await call(client.refreshToken(), { previous });
    expect(events).toEqual([{ type: "scope-differs", grant: "refresh_token", missing: ["write"], added: [] }]);
  });

  it("another one, with whatever grant", async () => {
    const { client, events } = await startGiver("admin");
    await call(client.tokenExchange({ subjectToken: () => "s", scope: "read" }));
    await call(client.jwtBearer({ assertion: () => "a", scope: "read" }));
    expect(events.map(({ grant: name }) => name.split(":").at(-1))).toEqual(["token-exchange", "jwt-bearer"]);
  });

  it("without the secrets of the request and the answer, should they be in it", async () => {
    const { client, events } = await startGiver([
      "read",
      "refresh-0-secret",
      "x:refresh-0-secret",
      "refresh-0%2Dsecret",
      "canary-is-short",
    ]);
    await call(client.refreshToken(), { previous: Object.assign(tokenSetWith("refresh-0-secret"), { scope: "read" }) });
    expect(events).toHaveLength(1);
    expect(JSON.stringify(events)).not.toMatch(/refresh-0/);
    expect(events[0]?.added).toEqual(["***", "x:***", "***", "canary-is-short"]);
  });

  it("hostile, cut and cleaned", async () => {
    const { client, events } = await startGiver(Array.from({ length: 200 }, (_, index) => `s${index}\u001b[31m${"x".repeat(500)}`));
    await call(client.clientCredentials({ scope: "read" }));
    expect(events[0]?.added).toHaveLength(50);
    expect(events[0]?.added.every((scope) => /^[ -~]{1,128}$/.test(scope))).toBe(true);
  });
});

it.each<[string, unknown, string | undefined]>([
  ["the same in another order", "write read", "read write"],
  ["the same with commas, as in line 110", "read,write", "read write"],
  ["the same with commas and spaces", "write, read", "read write"],
  ["the same with commas in a list", ["read,write"], "read write"],
  ["the same, asked for with commas", "read write", "read,write"],
  ["left out", undefined, "read write"],
  ["null", null, "read write"],
  ["empty", "", "read write"],
  ["not asked for", "read", undefined],
])("says nothing of a scope that is %s", async (_, scope, asked) => {
  const { client, events } = await startGiver(scope);
  const tokenSet = await call(client.clientCredentials(asked === undefined ? {} : { scope: asked }));
  expect(tokenSet.scope).toBe((Array.isArray(scope) ? scope.join(" ") : scope) || asked);
  expect(events).toEqual([]);
});

it.each<[string, () => unknown]>([
  [
    "throws",
    () => {
      throw new Error("broken log");
    },
  ],
  ["rejects", () => Promise.reject(new Error("broken log"))],
])("an observer that %s disturbs nobody", async (_, observe) => {
  const { tokenEndpoint } = await startOddServer(always(200, { access_token: "a", scope: "other" }));
  const client = createOAuthClient({ tokenEndpoint, clientId: "id", clientAuth: noClientAuth(), observe });
  expect((await call(client.clientCredentials({ scope: "read" }))).accessToken).toBe("a");
});
