import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type ServerOptions } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { createTokenCache, type TokenRequestOutcome } from "@tokenflight/core";
import { createOAuthClient, noClientAuth, type FetchFunction } from "@tokenflight/oauth";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Agent, EnvHttpProxyAgent, fetch as undiciFetch, MockAgent, Pool, ProxyAgent, RetryAgent, type Dispatcher } from "undici";
import { createAuthority, selfSigned, type Certificate } from "../../../test/setup/certificates.ts";
import { refuseWith, startConnectProxy, tunnel, type ConnectProxy } from "../../../test/setup/connect-proxy.ts";
import { call, failureOf, tokenSetWith } from "./call.ts";
import { nobodysOrigin } from "./odd-server.ts";

const authority = createAuthority();
const stranger = selfSigned();
const good = authority.issue(["localhost", "login.corp.test"]);
const connect = { ca: authority.cert };

const open = new AsyncDisposableStack();
let requests = 0;

/** The URL of a server at a free port of this machine. */
async function listen(server: Server, protocol = "https:"): Promise<string> {
  server.on("tlsClientError", () => {});
  server.on("clientError", (_: Error, socket: { destroy(): void }) => socket.destroy());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.defer(() => void server.close());
  return `${protocol}//localhost:${(server.address() as AddressInfo).port}/token`;
}

const startTls = (options: ServerOptions): Promise<string> =>
  listen(
    createServer(options, (request, response) => {
      requests += 1;
      request.resume();
      response.setHeader("content-type", "application/json").end('{"access_token":"new","refresh_token":"next","expires_in":60}');
    }),
  );

const startSocket = (behave: "destroy" | "resetAndDestroy" | "end"): Promise<string> =>
  listen(createTcpServer((socket) => void socket.on("error", () => {})[behave]()));

/** Node's fetch and undici's from npm, with a dispatcher of the same package. */
const through =
  (fetch: unknown, dispatcher?: Dispatcher): FetchFunction =>
  (url, init) =>
    (fetch as (url: string, init: object) => Promise<Response>)(url, dispatcher === undefined ? init : { ...init, dispatcher });

interface Trouble {
  readonly tokenEndpoint: string;
  readonly fetch?: FetchFunction;
}

const npm = (tokenEndpoint: string, dispatcher?: Dispatcher): Trouble => ({ tokenEndpoint, fetch: through(undiciFetch, dispatcher) });
const node = (tokenEndpoint: string, dispatcher?: Dispatcher): Trouble => ({ tokenEndpoint, fetch: through(globalThis.fetch, dispatcher) });

async function proxied(answer: Parameters<typeof startConnectProxy>[0], requestTls: object = connect): Promise<Trouble> {
  const proxy: ConnectProxy = open.use(await startConnectProxy(answer));
  return npm(server, new ProxyAgent({ uri: proxy.origin, requestTls }));
}

const withCertificate = async (certificate: Certificate): Promise<Trouble> => npm(await startTls(certificate), new Agent({ connect }));

const closed = (): Agent => {
  const agent = new Agent();
  void agent.close();
  return agent;
};
const mocked = (): MockAgent => {
  const agent = new MockAgent();
  agent.disableNetConnect();
  return agent;
};
const adding =
  (name: string, value: string): FetchFunction =>
  (url, init) =>
    undiciFetch(url, { ...(init as object), headers: { [name]: value } }) as unknown as Promise<Response>;

let server = "";
beforeAll(async () => {
  server = await startTls(good);
});
afterAll(() => open.disposeAsync());

/** Each with what the message and the cause say. */
const notSent: Record<string, [trouble: () => Promise<Trouble>, message: RegExp, cause: RegExp]> = {
  "the proxy wants a login (407)": [() => proxied(refuseWith("407 Proxy Authentication Required")), /\(the proxy answered 407\)/, /407/],
  "the proxy refuses the host (403)": [() => proxied(refuseWith("403 Forbidden")), /\(the proxy answered 403\)/, /403/],
  "the proxy finds no server (502)": [() => proxied(refuseWith("502 Bad Gateway")), /\(the proxy answered 502\)/, /502/],
  "a proxy of the environment refuses": [
    async () => {
      const proxy = open.use(await startConnectProxy(refuseWith("403 Forbidden")));
      return npm(server, new EnvHttpProxyAgent({ httpsProxy: proxy.origin, noProxy: "" }));
    },
    /\(the proxy answered 403\)/,
    /403/,
  ],
  "the proxy wants a login for plain http": [
    async () => {
      const proxy = open.use(await startConnectProxy());
      const plain = (
        await listen(
          createHttpServer(() => (requests += 1)),
          "http:",
        )
      ).replace("localhost", "127.0.0.1");
      return npm(plain, new ProxyAgent({ uri: proxy.origin, proxyTunnel: false }));
    },
    /\(the proxy answered 407\)/,
    /407/,
  ],
  "the proxy is away": [async () => npm(server, new ProxyAgent(await nobodysOrigin())), /ECONNREFUSED/, /ECONNREFUSED/],
  "the proxy's name is unknown": [
    async () => npm(server, new ProxyAgent("http://proxy.invalid:3128")),
    /ENOTFOUND|EAI_AGAIN/,
    /getaddrinfo/,
  ],
  "the proxy hangs up": [() => proxied((client) => client.destroy()), /the proxy cannot be used/, /other side closed/],
  "the proxy ends the tunnel before TLS stands": [
    () => proxied((client) => client.end("HTTP/1.1 200 OK\r\n\r\n")),
    /ECONNRESET/,
    /before secure TLS connection was established/,
  ],
  "the proxy's own certificate is unknown": [
    async () => npm(server, new ProxyAgent({ uri: new URL(server).origin })),
    /UNABLE_TO_VERIFY/,
    /unable to verify the first certificate/,
  ],
  "the server's CA is unknown behind a proxy": [() => proxied(tunnel, {}), /UNABLE_TO_VERIFY/, /unable to verify the first certificate/],

  "Node's fetch, and an agent of undici's from npm": [
    async () => node(server, new Agent({ connect })),
    /another version of undici/,
    /^invalid on\w+ method$/,
  ],
  "Node's fetch, and a proxy agent of undici's from npm": [
    async () => node(server, new ProxyAgent(await nobodysOrigin())),
    /another version of undici/,
    /^invalid on\w+ method$/,
  ],
  "Node's fetch, and a pool of undici's from npm": [
    async () => node(server, new Pool(new URL(server).origin, { connect })),
    /another version of undici/,
    /^invalid on\w+ method$/,
  ],
  "a dispatcher that is none": [async () => npm(server, {} as Dispatcher), /the dispatcher is none/, /dispatch is not a function/],
  "a dispatcher that is being closed": [
    async () => ({ tokenEndpoint: server, fetch: (url, init) => through(undiciFetch, closed())(url, init) }),
    /UND_ERR_CLOSED/,
    /The client is closed/,
  ],
  "a mock that lets nothing out": [async () => npm(server, mocked()), /MOCK_NOT_MATCHED/, /net\.connect disabled/],

  "a blocked port, with Node's fetch": [async () => node("http://127.0.0.1:6000/token"), /fetch refuses it: bad port/, /^bad port$/],
  "a blocked port, with undici's fetch": [async () => npm("http://127.0.0.1:6000/token"), /fetch refuses it: bad port/, /^bad port$/],
  "a header that cannot be sent": [
    async () => ({ tokenEndpoint: server, fetch: adding("transfer-encoding", "chunked") }),
    /UND_ERR_INVALID_ARG/,
    /invalid transfer-encoding header/,
  ],
  "a header that undici does not do": [
    async () => ({ tokenEndpoint: server, fetch: adding("expect", "100-continue") }),
    /UND_ERR_NOT_SUPPORTED/,
    /expect/,
  ],

  "a name that nobody has": [async () => node("https://nobody.invalid/token"), /ENOTFOUND|EAI_AGAIN/, /getaddrinfo/],
  "a port at which nobody listens": [
    async () => node(`${(await nobodysOrigin()).replace("http", "https")}/token`),
    /ECONNREFUSED/,
    /connect ECONNREFUSED/,
  ],

  "an unknown CA, with Node's fetch": [async () => node(server), /UNABLE_TO_VERIFY/, /unable to verify the first certificate/],
  "an unknown CA, with undici's fetch": [async () => npm(server), /UNABLE_TO_VERIFY/, /unable to verify the first certificate/],
  "a certificate that signed itself": [() => withCertificate(stranger), /DEPTH_ZERO_SELF_SIGNED_CERT/, /self-signed certificate/],
  "a certificate of another host": [
    () => withCertificate(authority.issue(["other.example"])),
    /ERR_TLS_CERT_ALTNAME_INVALID/,
    /localhost.*other\.example/,
  ],
  "a certificate that is over": [
    () => withCertificate(authority.issue(["localhost"], "over")),
    /CERT_HAS_EXPIRED/,
    /certificate has expired/,
  ],
  "a certificate that is not valid yet": [
    () => withCertificate(authority.issue(["localhost"], "later")),
    /CERT_NOT_YET_VALID/,
    /not yet valid/,
  ],
  "a server that does not speak TLS": [
    async () => npm(await listen(createTcpServer((socket) => void socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n")))),
    /ERR_SSL_WRONG_VERSION_NUMBER/,
    /wrong version number/,
  ],
  "a server that hangs up before TLS stands": [async () => npm(await startSocket("destroy")), /ECONNRESET/, /before secure TLS connection/],
  "a server with another version of TLS": [
    async () => npm(await startTls({ ...good, maxVersion: "TLSv1.2" }), new Agent({ connect: { ...connect, minVersion: "TLSv1.3" } })),
    /PROTOCOL_VERSION/,
    /protocol version/,
  ],
  "a server that wants a certificate, which the client does not have (TLS 1.2)": [
    async () => npm(await startTls({ ...good, ...connect, requestCert: true, maxVersion: "TLSv1.2" }), new Agent({ connect })),
    /ALERT_HANDSHAKE_FAILURE/,
    /handshake failure/,
  ],
  "a client's certificate and a key of another one": [
    async () => npm(server, new Agent({ connect: { ...connect, cert: good.cert, key: stranger.key } })),
    /KEY_VALUES_MISMATCH/,
    /key values mismatch/,
  ],
  "a client's certificate that cannot be read": [
    async () => npm(server, new Agent({ connect: { ...connect, cert: "none", key: "none" } })),
    /ERR_OSSL_PEM_NO_START_LINE/,
    /no start line/,
  ],
};

const unknown: Record<string, () => Promise<Trouble>> = {
  "a server that hangs up": async () => npm((await startSocket("destroy")).replace("https", "http")),
  "a server that resets": async () =>
    npm(
      await listen(
        createHttpServer((request) => request.socket.resetAndDestroy()),
        "http:",
      ),
    ),
  // The client takes TLS 1.3 for made before the server has looked at its certificate.
  "a server that misses a certificate (TLS 1.3)": async () =>
    npm(await startTls({ ...good, ...connect, requestCert: true }), new Agent({ connect })),
  // It may have come from the answer, or from whatever reads it.
  "a fetch of one's own that throws of a header": async () => ({
    tokenEndpoint: server,
    fetch: async () => new Response("", { headers: { "x-a": "b\nc" } }),
  }),
  "a fetch of one's own that throws anything": async () => ({
    tokenEndpoint: server,
    fetch: () => Promise.reject(new TypeError("fetch failed")),
  }),
  "a dispatcher that tries again and never tells (undici's in Node's fetch)": async () =>
    node(server, new RetryAgent(new Agent({ connect }), { maxRetries: 0 })),
  "a dispatcher that was destroyed while it waited": async () => {
    const agent = new Agent({ connect });
    const url = await listen(
      createHttpServer(() => void agent.destroy()),
      "http:",
    );
    return npm(url, agent);
  },
};

const clientOf = ({ tokenEndpoint, fetch = globalThis.fetch }: Trouble): ReturnType<typeof createOAuthClient> =>
  createOAuthClient({ tokenEndpoint, clientId: "id", clientAuth: noClientAuth(), fetch, timeout: 3 });

async function failed(trouble: Trouble): Promise<Error & Record<string, unknown>> {
  return failureOf(call(clientOf(trouble).refreshToken(), { previous: tokenSetWith("canary-refresh-token") }));
}

const is = (outcome: TokenRequestOutcome): object => ({ name: "TokenRequestError", outcome });

describe("what is known not to have been sent (field line 111)", () => {
  it.each(Object.entries(notSent))("%s: says so, and why (field line 110)", async (_, [begin, message, cause]) => {
    const trouble = await begin();
    const before = requests;
    const error = await failed(trouble);
    expect(error).toMatchObject({
      ...is("not-sent"),
      message: expect.stringMatching(message),
      cause: { message: expect.stringMatching(cause) },
    });
    expect(requests).toBe(before);
    expect(error.message).not.toContain("canary");
  });

  it.each(Object.entries(unknown))("%s: nobody knows", async (_, begin) => {
    expect(await failed(await begin())).toMatchObject(is("unknown"));
  });

  it("does not count the refresh token as used: it is sent as soon as the proxy lets it through", async () => {
    let refused = 0;
    const proxy = open.use(
      await startConnectProxy((client, request) => {
        if (refused++ === 0) refuseWith("407 Proxy Authentication Required")(client, request);
        else tunnel(client, request);
      }),
    );
    const source = clientOf(npm(server, new ProxyAgent({ uri: proxy.origin, requestTls: connect }))).refreshToken();
    const tokens = createTokenCache({ source });
    await tokens.save({ access_token: "old", refresh_token: "canary", expires_at: Date.now() / 1000 - 1 });
    const before = requests;
    expect((await tokens.get()).accessToken).toBe("new");
    expect([requests - before, proxy.asked.length]).toEqual([1, 2]);
  });
});
