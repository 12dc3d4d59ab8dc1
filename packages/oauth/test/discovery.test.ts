import { describe, expect, it } from "vitest";
import { createOAuthClient, discoverMetadata, noClientAuth, type OAuthClient, type OAuthClientOptions } from "@tokenflight/oauth";
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

describe("discoverMetadata", () => {
  it("gives what the issuer says of itself, and a client takes it in place of asking", async () => {
    const said = (origin: string): object => ({ ...metadata(origin), registration_endpoint: `${origin}/register` });
    const server = await startIssuer({ [oidc]: said });
    const { metadata: found } = await discoverMetadata(server.origin);
    expect(found).toEqual(said(server.origin));
    expect(paths(server)).toEqual([oauth, oidc]);

    const client = clientOf(server.origin, { metadata: found });
    expect((await call(client.clientCredentials())).accessToken).toBe("a");
    expect(paths(server)).toEqual([oauth, oidc, "/token"]);
    // It is the same server: its logins are found again.
    expect(client.clientCredentials().identity).toBe(clientOf(server.origin).clientCredentials().identity);
  });

  it.each<[string, Record<string, (origin: string) => unknown>, string, RegExp]>([
    ["nothing there", {}, "absent", /has no metadata/],
    ["a page there", { [oauth]: () => "<html>" }, "absent", /has no metadata/],
    ["that of another issuer", { [oauth]: () => ({ issuer: "https://evil.example" }) }, "another-issuer", /is another issuer's/],
    ["no token endpoint", { [oauth]: (origin) => ({ issuer: origin }) }, "unusable", /names no token endpoint/],
    ["more than anybody reads", { [oauth]: () => " ".repeat(300_000) }, "unusable", /cannot be read: it is longer than 256 KB/],
  ])("says of %s what is wrong", async (_, documents, problem, message) => {
    const { origin } = await startIssuer(documents);
    expect(await discoverMetadata(origin)).toMatchObject({
      metadata: undefined,
      problem,
      error: { message: expect.stringMatching(message) },
    });
  });

  it("says that a redirect stands in its place, and follows none", async () => {
    const server = await startOddServer((response) => response.writeHead(302, { location: "https://evil.example/" }).end());
    expect(await discoverMetadata(server.origin)).toMatchObject({
      problem: "unusable",
      error: { message: expect.stringMatching(/a redirect/) },
    });
  });

  it("takes the metadata of whichever issuer the program accepts", async () => {
    const server = await startIssuer({ [oauth]: (origin) => ({ ...metadata(origin), issuer: `${origin}/elsewhere` }) });
    const isIssuer = (named: string): boolean => named.startsWith(`${server.origin}/`);
    expect(await discoverMetadata(server.origin, { isIssuer })).toMatchObject({ metadata: { issuer: `${server.origin}/elsewhere` } });
  });

  it("rejects when nobody can be asked", async () => {
    expect(await failureOf(discoverMetadata(await nobodysOrigin()))).toMatchObject({ code: "ERR_TOKEN_REQUEST_NOT_SENT" });
    const server = await startIssuer({ [oauth]: () => undefined });
    expect(await failureOf(discoverMetadata(server.origin))).toMatchObject({ outcome: "throttled", retryAfter: 3000 });
  });
});

it.each<[string, Partial<OAuthClientOptions>, string]>([
  ["of another issuer", { metadata: { issuer: "https://evil.example", token_endpoint: "https://evil.example/token" } }, "metadata.issuer"],
  ["of nobody", { metadata: { token_endpoint: "https://auth.example/token" } as never }, "metadata.issuer"],
  ["without a token endpoint", { metadata: { issuer: "https://auth.example" } }, "metadata.token_endpoint"],
  [
    "with one over http",
    { metadata: { issuer: "https://auth.example", token_endpoint: "http://auth.example/t" } },
    "metadata.token_endpoint",
  ],
  ["that is none", { metadata: "https://auth.example" as never }, "metadata"],
])("a client refuses metadata %s", (_, options, option) => {
  expect(() => clientOf("https://auth.example", options)).toThrow(expect.objectContaining({ code: "ERR_INVALID_OPTION", option }));
});

it("a client refuses metadata beside a token endpoint", () => {
  const options = {
    tokenEndpoint: "https://a.example/t",
    clientId: "id",
    clientAuth: noClientAuth(),
    metadata: { issuer: "https://a.example" },
  };
  expect(() => createOAuthClient(options)).toThrow(/tokenEndpoint, metadata/);
});
