import { once } from "node:events";
import { Agent, createServer, request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { connect, createServer as createHttp2Server, type ClientHttp2Stream } from "node:http2";
import { Agent as HttpsAgent, createServer as createHttpsServer, request as httpsRequest } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { describe, expect, it } from "vitest";
import { findCanary } from "../../../test/adapters/canary.ts";
import { selfSigned } from "../../../test/setup/certificates.ts";
import { hideFields } from "../src/request/hidden-fields.ts";

const canary = "canary-of-hidden-fields";
const fields = { authorization: `Bearer ${canary}`, "x-key": `key ${canary}` };

interface Site extends AsyncDisposable {
  readonly port: number;
  /** The values of `authorization` and `x-key` that were received. */
  readonly received: unknown[];
}

/** A server that answers everything but "/silence". */
async function startSite(
  create: (answer: (request: IncomingMessage, response: { end(text: string): unknown }) => void) => Server,
): Promise<Site> {
  const received: unknown[] = [];
  const server = create((request, response) => {
    received.push([request.headers.authorization, request.headers["x-key"]]);
    if (request.url !== "/silence") response.end("fine");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async [Symbol.asyncDispose]() {
      (server as Partial<{ closeAllConnections(): void }>).closeAllConnections?.();
      server.close();
    },
  };
}

const plain = (): Promise<Site> => startSite((answer) => createServer(answer));
const secure = (): Promise<Site> => startSite((answer) => createHttpsServer(selfSigned(), answer));

const wholly = { received: [[fields.authorization, fields["x-key"]]] };

function send(site: { port: number }, options: RequestOptions & { rejectUnauthorized?: boolean } = {}, body?: string): ClientRequest {
  const request = options.agent instanceof HttpsAgent ? httpsRequest : httpRequest;
  return request({ host: "127.0.0.1", port: site.port, method: "POST", headers: { ...fields, accept: "*/*" }, ...options }).end(body);
}

/** Waits until a request was answered, and its answer read, or has failed. */
async function over(request: ClientRequest): Promise<IncomingMessage | undefined> {
  try {
    const [response] = (await once(request, "response")) as [IncomingMessage];
    await once(response.resume(), "end");
    return response;
  } catch {
    return undefined;
  }
}

// Once as an adapter that does not have the headers calls it, and once as one that has them.
describe.each([false, true])("with the headers: %s", (withHeaders) => {
  const hide = (request: unknown, headers: Record<string, unknown>): void => hideFields(request, fields, withHeaders ? headers : undefined);
  const newHeaders = (): Record<string, string> => ({ ...fields, accept: "*/*" });

  it.each([false, true])("an answered request has them no longer, in whichever form Node keeps them (keepAlive: %s)", async (keepAlive) => {
    await using site = await plain();
    const agent = new Agent({ keepAlive });
    const headers = newHeaders();
    const request = send(site, { agent, headers }, "body");
    const response = await over(request);

    expect(findCanary([request, response], canary)).not.toEqual([]);
    hide(request, headers);

    expect(site).toMatchObject(wholly);
    expect(findCanary([request, response, agent], canary)).toEqual([]);
    expect(request.getHeader("authorization")).toBe("[hidden]");
    expect(request.getHeader("accept")).toBe("*/*");
    agent.destroy();
  });

  it("a request without a connection has them neither in its header nor in what was to be sent", async () => {
    const headers = newHeaders();
    const request = send({ port: 1 }, { headers }, "body");
    await over(request);

    hide(request, headers);

    expect(findCanary(request, canary)).toEqual([]);
  });

  it("a request that waited for a connection of its agent leaves none in the options that the agent kept", async () => {
    await using site = await plain();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sent = Array.from({ length: 3 }, () => {
      const headers = newHeaders();
      return { headers, request: send(site, { agent, headers }) };
    });
    await Promise.all(sent.map(({ request }) => over(request)));

    for (const { request, headers } of sent) hide(request, headers);

    expect(site.received).toHaveLength(3);
    expect(findCanary([sent.map(({ request }) => request), agent], canary)).toEqual([]);
    agent.destroy();
  });

  it("a request that was given up while it waited for a connection has none", async () => {
    await using site = await plain();
    const agent = new Agent({ maxSockets: 1 });
    const first = send(site, { agent, path: "/silence", headers: {} });
    const headers = newHeaders();
    const request = send(site, { agent, headers }, "body");
    request.on("error", () => {}).destroy(new Error("given up"));

    hide(request, headers);

    expect(findCanary(request, canary)).toEqual([]);
    first.on("error", () => {}).destroy();
    agent.destroy();
  });

  it("a TLS connection, which outlives the request that it was made for, has none", async () => {
    await using site = await secure();
    const agent = new HttpsAgent({ keepAlive: true, rejectUnauthorized: false });
    const headers = newHeaders();
    const first = send(site, { agent, headers });
    await over(first);
    const { socket } = first;

    hide(first, headers);

    const next = send(site, { agent, headers: {} });
    await over(next);
    expect(next.socket).toBe(socket);
    expect(site.received).toEqual([...wholly.received, [undefined, undefined]]);
    expect(findCanary([first, next, socket, agent], canary)).toEqual([]);
    // Without the headers at hand, the connection's own copy of the options loses them. They may be those of the next request.
    expect(headers["authorization"]).toBe(withHeaders ? "[hidden]" : fields.authorization);
    agent.destroy();
  });

  it.each(["a certificate that is not trusted", "a server that speaks no TLS"])("a TLS connection that fails has none: %s", async (why) => {
    await using site = await (why.startsWith("a server") ? plain() : secure());
    const agent = new HttpsAgent();
    const headers = newHeaders();
    const request = send(site, { agent, headers }, "body");
    await over(request);
    // The connection is closed a moment after the error.
    await new Promise((resolve) => setImmediate(resolve));

    hide(request, headers);

    expect(site.received).toEqual([]);
    expect(findCanary([request, agent], canary)).toEqual([]);
  });

  it("an HTTP/2 stream has none", async () => {
    await using site = await startSite((answer) => createHttp2Server(answer as never) as unknown as Server);
    const session = connect(`http://127.0.0.1:${site.port}`);
    const headers = { ":method": "GET", ":path": "/", ...newHeaders() };
    const stream: ClientHttp2Stream = session.request(headers);
    await once(stream.resume(), "end");

    hide(stream, headers);

    expect(site).toMatchObject(wholly);
    expect(findCanary([stream, stream.sentHeaders], canary)).toEqual([]);
    session.destroy();
  });
});

it("only what was sent of ours is hidden: a field of another value, or of another name, stays", async () => {
  await using site = await plain();
  const headers = { authorization: "Basic caller", "x-key": `${fields["x-key"]}`, "x-key-2": fields["x-key"] };
  const request = send(site, { headers });
  await over(request);

  hideFields(request, fields, headers);

  expect(headers).toEqual({ authorization: "Basic caller", "x-key": "[hidden]", "x-key-2": fields["x-key"] });
  expect(request.getHeaders()).toMatchObject(headers);
  expect((request as unknown as { _header: string })._header).toContain(`\r\nx-key: [hidden]\r\nx-key-2: ${fields["x-key"]}\r\n`);
});

it("a Request of fetch loses the fields", () => {
  const request = new Request("https://api.example.com/", { headers: { ...fields, accept: "*/*" } });

  hideFields(request, fields);

  expect([...request.headers]).toEqual([["accept", "*/*"]]);
});

it("a request of follow-redirects loses them in its own options, and in Node's request of the last redirect", async () => {
  await using site = await plain();
  const inner = send(site);
  await over(inner);
  const outer = { _options: { headers: { ...fields } }, _currentRequest: inner };
  Object.assign(inner, { _redirectable: outer });

  hideFields(inner, fields);

  expect(findCanary([outer, inner], canary)).toEqual([]);
});

it.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["false", false],
  ["text", "a request"],
  ["an empty object", {}],
  ["a frozen object", Object.freeze({ _header: `POST / HTTP/1.1\r\nauthorization: ${fields.authorization}\r\n` })],
  ["headers that cannot be changed", Object.freeze({ headers: Object.freeze({ ...fields }) })],
  [
    "one that throws",
    {
      get _redirectable(): never {
        throw new Error("not yours");
      },
    },
  ],
])("a request of an unknown kind is no reason to fail: %s", (_name, request) => {
  expect(() => hideFields(request, fields, { ...fields })).not.toThrow();
});
