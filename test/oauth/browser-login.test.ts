import { createTokenCache, type TokenCache } from "@tokenflight/core";
import { createOAuthClient, noClientAuth, type OAuthClient } from "@tokenflight/oauth";
import { loopbackLogin } from "@tokenflight/oauth/node";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { axiosByHttp } from "../clients/axios.ts";
import { tokenErrorIn } from "../clients/clients.ts";
import { gotPromise } from "../clients/got.ts";
import { kyAlone } from "../clients/ky.ts";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import { startResourceApi, type ResourceApi } from "../servers/resource-api.ts";
import { startBrowser, type TestBrowser } from "../setup/browser.ts";
import { chromium, reasonNotToRun } from "../setup/programs.ts";
import { nativeClient } from "./native-client.ts";

const reason = reasonNotToRun(chromium);
const title = `a command-line tool logs its user in with Chromium${reason === undefined ? "" : ` (${reason})`}`;

const user = { name: "ada", password: "correct horse" };
const asked = { scope: "openid read write", parameters: { prompt: "consent" } };

describe.skipIf(reason !== undefined)(title, { timeout: 60_000 }, () => {
  let browser: TestBrowser;
  let server: AuthorizationServer;
  let api: ResourceApi;
  let client: OAuthClient;
  let tokens: TokenCache;
  let page: Page;

  beforeAll(async () => {
    browser = await startBrowser();
  }, 60_000);
  afterAll(() => browser?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    server = await startAuthorizationServer({ accessTokenLifetime: 600, clients: [nativeClient], user });
    api = await startResourceApi({ isActive: (accessToken) => server.isActive(accessToken) });
    client = createOAuthClient({ issuer: server.issuer, clientId: nativeClient.clientId, clientAuth: noClientAuth() });
    tokens = createTokenCache({ source: client.refreshToken() });
    page = await browser.context.newPage();
    return async () => {
      await page.close();
      await api.close();
      await server.close();
    };
  });

  async function fillIn(url: string, password: string): Promise<void> {
    await page.goto(url);
    await page.getByLabel("Name").fill(user.name);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
  }

  /** A login is over as soon as it has its tokens, which is before the page has come. */
  async function showsTitle(title: string): Promise<void> {
    await page.getByRole("heading", { name: title, exact: true }).waitFor();
  }

  it.each([axiosByHttp, gotPromise, kyAlone])("and $name goes on with the tokens until the logout", async ({ connect }) => {
    const first = await tokens.save(await loopbackLogin(client, { ...asked, open: (url) => fillIn(url, user.password) }));
    await showsTitle("Logged in");
    expect(new URL(page.url())).toMatchObject({ hostname: "127.0.0.1", pathname: "/callback" });
    // Discovery, PKCE, state, nonce and a signed id token were part of it.
    expect(JSON.parse(Buffer.from(first.idToken?.split(".")[1] ?? "", "base64url").toString())).toMatchObject({
      iss: server.issuer,
      sub: user.name,
      aud: nativeClient.clientId,
    });

    const send = connect(tokens, api.origin);
    expect((await send({})).status).toBe(200);
    server.revokeAccessToken(first.accessToken);
    expect((await send({ method: "POST", body: "order" })).status).toBe(200);
    const second = await tokens.get();
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(server.stats).toMatchObject({ refreshes: 1, refreshTokenReuses: 0 });

    await tokens.forget({ revoke: true });
    expect(await client.introspect(second.accessToken)).toMatchObject({ active: false });
    expect(await client.introspect(second.refreshToken ?? "")).toMatchObject({ active: false });
    expect(tokenErrorIn(await send({}).catch((error: unknown) => error))).toMatchObject({ code: "ERR_LOGIN_REQUIRED" });
  });

  it("after a wrong password, too", async () => {
    const login = loopbackLogin(client, {
      ...asked,
      async open(url) {
        await fillIn(url, "wrong");
        await page.getByText("That is not right.").waitFor();
        await fillIn(page.url(), user.password);
      },
    });
    expect(server.isActive((await login).accessToken)).toBe(true);
    await showsTitle("Logged in");
  });

  it("and learns that the user said no, as does the user", async () => {
    const open = async (url: string): Promise<void> => {
      await page.goto(url);
      await page.getByRole("button", { name: "Cancel" }).click();
    };
    await expect(loopbackLogin(client, { ...asked, open })).rejects.toMatchObject({
      code: "ERR_LOGIN_FAILED",
      reason: "refused",
      error: "access_denied",
      errorDescription: "The user said no.",
    });
    await showsTitle("Login failed");
    expect(server.stats.tokenRequests).toEqual({});
  });

  it("while a page of somebody else's tries every way to answer in the user's place", async () => {
    const evil = await browser.context.newPage();
    const tried: string[] = [];
    const login = loopbackLogin(client, {
      ...asked,
      async open(url) {
        const callback = new URL(new URL(url).searchParams.get("redirect_uri") ?? "");
        callback.search = "?code=stolen&state=guessed";
        await evil.goto(api.origin);
        tried.push(
          ...(await evil.evaluate(async (target) => {
            const ways = [{ mode: "no-cors" }, { mode: "cors" }, { mode: "no-cors", method: "POST", body: "x" }] as const;
            const outcomes = ways.map(async (way) => (await fetch(target, way)).type).map((one) => one.catch(() => "failed"));
            return Promise.all(outcomes);
          }, callback.href)),
        );
        await fillIn(url, user.password);
      },
    });
    expect(server.isActive((await login).accessToken)).toBe(true);
    await showsTitle("Logged in");
    // Its requests arrive, because any page may send them; it reads nothing, and nothing comes of them.
    expect(tried).toEqual(["opaque", "failed", "opaque"]);
    expect(server.stats.tokenRequests).toEqual({ authorization_code: 1 });
    await evil.close();
  });
});
