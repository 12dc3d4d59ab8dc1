import { describe, expect, it } from "vitest";
import { createOAuthClient, noClientAuth, type OAuthClient, type OAuthClientOptions } from "@tokenflight/oauth";
import { call, failureOf } from "./call.ts";
import { always, nobodysOrigin, startOddServer, type OddServer } from "./odd-server.ts";

const oauth = "/.well-known/oauth-authorization-server";
const oidc = "/.well-known/openid-configuration";

function clientOf(issuer: string, options: Partial<OAuthClientOptions> = {}): OAuthClient {
  return createOAuthClient({ issuer, clientId: "id", clientAuth: noClientAuth(), ...options });
}

/** A server with metadata at some paths; undefined stands for trouble. The token endpoint is at /token. */
function startIssuer(documents: Record<string, (origin: string) => unknown>): Promise<OddServer> {
  return startOddServer((response, request, received) => {
    const origin = `http://${request.headers.host}`;
    const document = documents[received.path ?? ""];
    if (received.path === "/token") return always(200, { access_token: "a", expires_in: 60 })(response, request, received);
    if (document === undefined) return always(404, "<h1>Not found</h1>")(response, request, received);
    const body = document(origin);
    return always(body === undefined ? 503 : 200, body ?? "", { "retry-after": "3" })(response, request, received);
  });
}

const metadata = (origin: string): object => ({ issuer: origin, token_endpoint: `${origin}/token` });
const tenant = (origin: string): object => ({ ...metadata(origin), issuer: `${origin}/t/1` });
const paths = ({ received }: OddServer): (string | undefined)[] => received.map(({ path }) => path);

describe("finds the token endpoint", () => {
  it("in the metadata of RFC 8414, once for all sources and calls", async () => {
    const server = await startIssuer({ [oauth]: metadata });
    const client = clientOf(server.origin);
    expect(server.received).toEqual([]);
    await Promise.all([call(client.clientCredentials()), call(client.clientCredentials({ scope: "a" }))]);
    await call(client.clientCredentials());
    expect(paths(server)).toEqual([oauth, "/token", "/token", "/token"]);
    expect(server.received[0]).toMatchObject({ method: "GET", headers: { accept: "application/json" } });
  });

  it("in the metadata of OpenID Connect when there is no other", async () => {
    const server = await startIssuer({ [oidc]: metadata });
    expect((await call(clientOf(`${server.origin}/`).clientCredentials())).accessToken).toBe("a");
    expect(paths(server)).toEqual([oauth, oidc, "/token"]);
  });

  it("when a page stands where the metadata would be", async () => {
    const server = await startIssuer({ [oauth]: () => "<html>Welcome</html>", [oidc]: metadata });
    expect((await call(clientOf(server.origin).clientCredentials())).accessToken).toBe("a");
  });

  describe("of an issuer with a path, at each of three addresses (field line 106):", () => {
    const addresses = [`${oauth}/t/1`, `${oidc}/t/1`, `/t/1${oidc}`];

    it.each(addresses)("%s, with and without a slash at the issuer's end", async (address) => {
      const server = await startIssuer({ [address]: tenant });
      for (const slash of ["", "/"]) {
        expect((await call(clientOf(`${server.origin}/t/1${slash}`).clientCredentials())).accessToken).toBe("a");
      }
      const asked = [...addresses.slice(0, addresses.indexOf(address) + 1), "/token"];
      expect(paths(server)).toEqual([...asked, ...asked]);
    });

    it.each(addresses)("%s, where the others tell of another issuer", async (address) => {
      const others = Object.fromEntries(addresses.map((one) => [one, metadata] as const));
      const server = await startIssuer({ ...others, [address]: tenant });
      expect((await call(clientOf(`${server.origin}/t/1`).clientCredentials())).accessToken).toBe("a");
    });

    it.each([500, 502, 404, 403, 410])("whatever a gateway says of an address that it does not know: %i", async (status) => {
      const server = await startOddServer((response, request, received) => {
        const origin = `http://${request.headers.host}`;
        if (received.path === "/token") return always(200, { access_token: "a" })(response, request, received);
        const isThere = received.path === addresses[2];
        return always(isThere ? 200 : status, isThere ? tenant(origin) : "")(response, request, received);
      });
      expect((await call(clientOf(`${server.origin}/t/1`).clientCredentials())).accessToken).toBe("a");
    });
  });

  it("not in the metadata of another issuer, though the next address is asked", async () => {
    const server = await startIssuer({ [oauth]: (origin) => ({ ...metadata(origin), issuer: "https://evil.example" }), [oidc]: metadata });
    expect((await call(clientOf(server.origin).clientCredentials())).accessToken).toBe("a");
    expect(paths(server)).toEqual([oauth, oidc, "/token"]);
  });

  it("after a discovery that failed", async () => {
    let works = false;
    const server = await startIssuer({ [oauth]: (origin) => (works ? metadata(origin) : undefined) });
    const source = clientOf(server.origin).clientCredentials();
    expect(await failureOf(call(source))).toMatchObject({ outcome: "throttled", retryAfter: 3000 });
    works = true;
    expect((await call(source)).accessToken).toBe("a");
    expect(paths(server)).toEqual([oauth, oauth, "/token"]);
  });
});

describe("sends no token request", () => {
  it.each<[string, Record<string, (origin: string) => unknown>, RegExp]>([
    ["without metadata", {}, /has no metadata/],
    ["to another issuer", { [oauth]: (origin) => ({ ...metadata(origin), issuer: "https://evil.example" }) }, /is another issuer's/],
    ["to nobody's metadata", { [oauth]: (origin) => ({ token_endpoint: `${origin}/token` }) }, /is another issuer's/],
    ["to an issuer that is no URL", { [oauth]: (origin) => ({ ...metadata(origin), issuer: "x" }) }, /is another issuer's/],
    ["without a token endpoint", { [oauth]: (origin) => ({ issuer: origin }) }, /names no token endpoint/],
    ["to a token endpoint that is no URL", { [oauth]: (origin) => ({ issuer: origin, token_endpoint: 1 }) }, /names no token endpoint/],
    [
      "over http",
      { [oauth]: (origin) => ({ issuer: origin, token_endpoint: "http://auth.example.com/token" }) },
      /names a token endpoint that is not https/,
    ],
    [
      "to a URL with credentials",
      { [oauth]: (origin) => ({ issuer: origin, token_endpoint: "https://canary:canary@auth.example.com/" }) },
      /with credentials/,
    ],
  ])("%s", async (_, documents, message) => {
    const server = await startIssuer(documents);
    const error = await failureOf(call(clientOf(server.origin).clientCredentials()));
    expect(error).toMatchObject({ name: "TokenRequestError", outcome: "not-sent" });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("canary");
    expect(paths(server)).not.toContain("/token");
  });

  it("from an https issuer to this machine", async () => {
    const asked: string[] = [];
    const fetch = async (url: string): Promise<Response> => {
      asked.push(url);
      return Response.json({ issuer: "https://auth.example.com", token_endpoint: "http://127.0.0.1/token" });
    };
    const error = await failureOf(call(clientOf("https://auth.example.com", { fetch }).clientCredentials()));
    expect(error).toMatchObject({ outcome: "not-sent", message: expect.stringMatching(/not https/) });
    expect(asked).toEqual([`https://auth.example.com${oauth}`]);
  });

  it("after a redirect, which is not followed", async () => {
    const other = await startIssuer({ [oauth]: metadata });
    const server = await startOddServer((response) => response.writeHead(302, { location: `${other.origin}${oauth}` }).end());
    expect(await failureOf(call(clientOf(server.origin).clientCredentials()))).toMatchObject({ outcome: "not-sent" });
    expect(other.received).toEqual([]);
  });

  it("when the metadata does not end", async () => {
    const server = await startOddServer((response) => {
      response.writeHead(200).write("{");
      const write = (): void =>
        void (response.destroyed || (response.write(" ".repeat(65_536)) ? setImmediate(write) : response.once("drain", write)));
      write();
    });
    expect(await failureOf(call(clientOf(server.origin).clientCredentials()))).toMatchObject({ outcome: "not-sent" });
  });

  it("when the metadata does not come in time", async () => {
    const server = await startOddServer(() => {});
    const error = await failureOf(call(clientOf(server.origin, { timeout: 0.1 }).clientCredentials()));
    expect(error).toMatchObject({ name: "TokenRequestError", outcome: "not-sent" });
  });

  it("when nobody is there", async () => {
    const origin = await nobodysOrigin();
    const error = await failureOf(call(clientOf(origin).clientCredentials()));
    expect(error).toMatchObject({ outcome: "not-sent", cause: { code: "ECONNREFUSED" } });
    expect(error.message).toBe(`The metadata of the issuer ${origin}/ could not be fetched (ECONNREFUSED).`);
  });
});

it("one call that gives up does not end the discovery that another one waits for", async () => {
  const abort = new AbortController();
  let answer: (() => void) | undefined;
  const server = await startOddServer((response, request, received) => {
    if (received.path === "/token") return always(200, { access_token: "a" })(response, request, received);
    answer = () => always(200, metadata(`http://${request.headers.host}`))(response, request, received);
    abort.abort();
  });
  const source = clientOf(server.origin).clientCredentials();
  const first = failureOf(call(source, { signal: abort.signal }));
  const second = call(source);
  expect(await first).toMatchObject({ outcome: "not-sent", message: expect.stringMatching(/ended by its signal/) });
  answer?.();
  expect((await second).accessToken).toBe("a");
  expect(paths(server)).toEqual([oauth, "/token"]);
});
