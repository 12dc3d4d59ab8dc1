import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createOAuthClient, noClientAuth, type OAuthClient } from "@tokenflight/oauth";
import { loopbackLogin, type LoopbackLoginOptions } from "@tokenflight/oauth/node";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { startAuthorizationServer, type AuthorizationServer } from "../servers/authorization-server.ts";
import { freePort } from "../setup/free-port.ts";
import { nativeClient } from "./native-client.ts";

/** A server that compares redirect URIs exactly, and its client. */
async function startWith(redirectUri: string): Promise<{ server: AuthorizationServer; client: OAuthClient }> {
  const server = await startAuthorizationServer({ accessTokenLifetime: 600, clients: [{ ...nativeClient, redirectUri }] });
  onTestFinished(() => server.close());
  return { server, client: createOAuthClient({ issuer: server.issuer, clientId: nativeClient.clientId, clientAuth: noClientAuth() }) };
}

const asked = { scope: "openid read", parameters: { prompt: "consent" } };

describe("a redirect URI that is registered as it is", () => {
  it.each<[string, Pick<LoopbackLoginOptions, "host" | "path">]>([
    ["http://localhost:<port>/oauth2/callback", { host: "localhost", path: "/oauth2/callback" }],
    ["http://localhost:<port>", { host: "localhost", path: "" }],
    ["http://127.0.0.1:<port>/callback", {}],
  ])("%s", async (template, options) => {
    const port = await freePort();
    const redirectUri = template.replace("<port>", String(port));
    const { server, client } = await startWith(redirectUri);
    const opened: string[] = [];
    const open = async (url: string): Promise<void> => {
      opened.push(new URL(url).searchParams.get("redirect_uri") ?? "");
      await (await fetch(await server.visit(url))).text();
    };
    const { accessToken } = await loopbackLogin(client, { ...asked, ...options, port, open });
    expect([server.isActive(accessToken), opened]).toEqual([true, [redirectUri]]);
  });

  it.each(["127.0.0.1", "localhost"] as const)(
    "whose port another program has at %s is an error that says so, before a browser opens",
    async (host) => {
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void taken.close());
      const { port } = taken.address() as AddressInfo;
      const { client } = await startWith(`http://${host}:${port}/callback`);
      let opened = 0;
      const login = loopbackLogin(client, { ...asked, host, port, open: () => (opened += 1) });
      await expect(login).rejects.toMatchObject({
        code: "ERR_LOGIN_FAILED",
        reason: "port",
        message: expect.stringContaining(String(port)),
      });
      expect(opened).toBe(0);
    },
  );
});

describe("a callback that is pasted, as over ssh", () => {
  let server: AuthorizationServer;
  let client: OAuthClient;

  beforeEach(async () => {
    ({ server, client } = await startWith(nativeClient.redirectUri));
  });

  it.each<[string, (callback: string) => string]>([
    ["as it is", (callback) => callback],
    ["with quotes and spaces around it", (callback) => `  "${callback}"\n`],
    ["in the lines of a terminal", (callback) => callback.replaceAll(/.{40}/g, "$&\n  ")],
    ["from the path on", (callback) => callback.replace(/^https?:\/\/[^/]+/, "")],
    ["its query alone", (callback) => callback.slice(callback.indexOf("?"))],
    ["its query without the question mark", (callback) => callback.slice(callback.indexOf("?") + 1)],
  ])("%s", async (_, spelled) => {
    const { accessToken } = await loopbackLogin(client, {
      ...asked,
      open: () => {},
      paste: async ({ url, redirectUri, problem }) => {
        const callback = await server.visit(url);
        expect([callback.startsWith(redirectUri), problem]).toEqual([true, undefined]);
        return spelled(callback);
      },
    });
    expect(server.isActive(accessToken)).toBe(true);
  });

  it("that will not do is asked for again, with the reason", async () => {
    const problems: (string | undefined)[] = [];
    const texts = ["", "yes", "http://127.0.0.1/callback", "http://127.0.0.1/callback?code=c&state=of-another-login"];
    await loopbackLogin(client, {
      ...asked,
      open: () => {},
      paste: async ({ url, problem }) => {
        problems.push(problem);
        return texts.shift() ?? server.visit(url);
      },
    });
    const wrong = expect.stringMatching(/not the address of a page/);
    expect(problems).toEqual([undefined, wrong, wrong, wrong, expect.stringMatching(/another login/)]);
    expect(server.stats.tokenRequests).toEqual({ authorization_code: 1 });
  });

  it("is not waited for once the browser of this machine has brought it", async () => {
    const prompt = Promise.withResolvers<AbortSignal>();
    const { accessToken } = await loopbackLogin(client, {
      ...asked,
      open: async (url) => void (await fetch(await server.visit(url))),
      paste: ({ signal }) => {
        prompt.resolve(signal);
        return new Promise<string>(() => {});
      },
    });
    expect([server.isActive(accessToken), (await prompt.promise).aborted]).toEqual([true, true]);
  });

  it("ends the login with the error of whoever asks for it", async () => {
    const paste = (): never => {
      throw new Error("The terminal is closed.");
    };
    await expect(loopbackLogin(client, { ...asked, open: () => {}, paste })).rejects.toThrow("The terminal is closed.");
  });
});

it.each<[Partial<LoopbackLoginOptions>, string]>([
  [{ port: 65_536 }, "loopbackLogin.port"],
  [{ port: 1.5 }, "loopbackLogin.port"],
  [{ host: "0.0.0.0" as "localhost" }, "loopbackLogin.host"],
  [{ host: "evil.example" as "localhost" }, "loopbackLogin.host"],
  [{ path: "callback" }, "loopbackLogin.path"],
  [{ path: "/a?b" }, "loopbackLogin.path"],
  [{ path: "/../a" }, "loopbackLogin.path"],
  [{ path: "@evil.example/" }, "loopbackLogin.path"],
  [{ paste: "x" as unknown as () => string }, "loopbackLogin.paste"],
  [{ exchange: { resource: "no URI" } }, "loopbackLogin.exchange.resource"],
  [{ exchange: { scope: "a" } as object }, "loopbackLogin.exchange.scope"],
])("refuses %j", async (options, option) => {
  const { client } = await startWith(nativeClient.redirectUri);
  const login = loopbackLogin(client, { open: () => {}, timeout: 1, ...options });
  await expect(login).rejects.toMatchObject({ code: "ERR_INVALID_OPTION", option });
});
