import { clientSecretBasic, createOAuthClient, type OAuthClientOptions } from "@tokenflight/oauth";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { startAuthorizationServer } from "../servers/authorization-server.ts";
import { startLoginService, type Mischief } from "./login-service.ts";

afterEach(() => void vi.useRealTimers());

async function logIn(mischief: Mischief, options: Partial<OAuthClientOptions> = {}): Promise<unknown> {
  const { client, begin } = await startLoginService(mischief, options);
  const { pending, callback } = await begin();
  return client.exchangeCallback(callback, pending).catch((error: unknown) => error);
}

describe("a server whose clock differs from this machine's", () => {
  it.each([-100, -40, -1, 1, 40, 55])("by %i seconds lets users log in (field line 110)", async (ahead) => {
    expect(await logIn({ ahead })).toMatchObject({ accessToken: "access", idToken: expect.stringMatching(/^ey/) });
  });

  it.each([
    ["ahead, so that the id token is one of the future", 300, /not valid for another (299|300) seconds \(nbf\)/, "300 seconds behind"],
    ["behind, so that the id token is over when it comes", -300, /expired (240|241) seconds ago \(exp\)/, "300 seconds ahead of"],
  ])("far %s: the error names both clocks (field line 110)", async (_, ahead, problem, difference) => {
    for (const hidesDate of [false, true]) {
      const error = (await logIn({ ahead, hidesDate })) as Error;
      expect(error).toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "id-token" });
      expect(error.message).toMatch(problem);
      const [seconds, ...word] = difference.split(" ");
      const [, said, words, here, there] =
        /clock seems to be (\d+) seconds (.+) the server's \((\S+) here, (\S+) there\)/.exec(error.message) ?? [];
      expect(words).toBe(word.slice(1).join(" "));
      expect(Math.abs(Number(said) - Number(seconds))).toBeLessThanOrEqual(2);
      expect(Math.abs(Date.parse(there ?? "") - Date.parse(here ?? "") - ahead * 1000)).toBeLessThanOrEqual(2000);
      expect(error.message).toContain(hidesDate ? "by the iat of the id token" : "by the Date of its answer");
      expect(error.message).toContain("clockTolerance allows 60 seconds");
    }
  });

  it.each([
    [40, 0, false],
    [40, 41, true],
    [-100, 0, false],
    [-100, 41, true],
    [3000, 3600, true],
  ])("by %i seconds, with a clockTolerance of %i", async (ahead, clockTolerance, isTaken) => {
    const given = await logIn({ ahead }, { clockTolerance });
    expect(given).toMatchObject(isTaken ? { accessToken: "access" } : { reason: "id-token" });
  });
});

describe("at a real authorization server, whose id tokens live for an hour", () => {
  /** The client's clock is set when the token endpoint has answered. */
  async function logInWithClockSet(seconds: number): Promise<unknown> {
    const server = await startAuthorizationServer({ accessTokenLifetime: 600 });
    onTestFinished(() => server.close());
    const { clientId, clientSecret, redirectUri } = server.client;
    const client = createOAuthClient({
      issuer: server.issuer,
      clientId,
      clientAuth: clientSecretBasic(clientSecret),
      async fetch(url, init) {
        const response = await fetch(url, init);
        if (url === server.tokenEndpoint) vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1000 });
        return response;
      },
    });
    const { url, pending } = await client.authorizationUrl({ redirectUri, scope: "openid", parameters: { prompt: "consent" } });
    return client.exchangeCallback(await server.visit(url), pending).catch((error: unknown) => error);
  }

  it.each([-40, 40])("a clock that is %i seconds off changes nothing (field line 110)", async (seconds) => {
    expect(await logInWithClockSet(seconds)).toMatchObject({ idToken: expect.stringMatching(/^ey/) });
  });

  it("a clock that is two hours off is what the error is about (field line 110)", async () => {
    const error = (await logInWithClockSet(7200)) as Error;
    expect(error).toMatchObject({ code: "ERR_LOGIN_FAILED", reason: "id-token" });
    expect(error.message).toMatch(/This machine's clock seems to be 7(199|200|201) seconds ahead of the server's/);
  });
});

it.each([-1, Number.NaN, 3601, "60"])("a clockTolerance of %s is refused", (clockTolerance) => {
  const options = { tokenEndpoint: "https://auth.example.com/token", clientId: "id", clientAuth: () => {}, clockTolerance };
  expect(() => createOAuthClient(options as OAuthClientOptions)).toThrow(
    expect.objectContaining({ code: "ERR_INVALID_OPTION", option: "clockTolerance" }),
  );
});
