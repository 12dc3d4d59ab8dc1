import { spawn } from "node:child_process";
import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAuthority } from "../../test/setup/certificates.ts";
import { startConnectProxy } from "../../test/setup/connect-proxy.ts";
import { guideArguments } from "../../test/setup/guide-place.ts";

const authority = createAuthority();
const folder = mkdtempSync(join(tmpdir(), "tokenflight-networks-"));
const inFolder = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const CA_FILE = inFolder("ca.pem", authority.cert);
const [client, another] = [authority.issue(["client"]), authority.issue(["another client"])];
const CERTIFICATE_FILE = inFolder("client.pem", client.cert);
const KEY_FILE = inFolder("client.key", client.key);
const thumbprintOf = (cert: X509Certificate): string => Buffer.from(cert.fingerprint256.replaceAll(":", ""), "hex").toString("base64url");

const open = new AsyncDisposableStack();
const seen: string[] = [];

type Handler = (request: IncomingMessage, body: URLSearchParams) => { status?: number; body: object };

async function start(options: ServerOptions, handler: Handler): Promise<string> {
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    seen.push(`${(request.socket as TLSSocket).localPort} ${request.url}`);
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const { status = 200, body } = handler(request, new URLSearchParams(text));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const server = createServer(
    { ...authority.issue(["localhost", "login.corp.test", "api.corp.test"]), ...options },
    (...given) => void listener(...given),
  );
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.defer(() => void server.closeAllConnections());
  open.defer(() => void server.close());
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

/** Of whom the connection shows the certificate, when the CA has issued that. */
function shownBy({ socket }: IncomingMessage): X509Certificate | undefined {
  return (socket as TLSSocket).authorized ? (socket as TLSSocket).getPeerX509Certificate() : undefined;
}

let issuer = "";
let mtls = "";
beforeAll(async () => {
  // The token is bound to the certificate (RFC 8705 section 3), which both endpoints look at.
  mtls = await start({ requestCert: true, rejectUnauthorized: false, ca: authority.cert }, (request, body) => {
    const certificate = shownBy(request);
    const bound = certificate === undefined ? "" : thumbprintOf(certificate);
    if (request.url !== "/token") return { status: request.headers.authorization === `Bearer bound-to-${bound}` ? 200 : 401, body: {} };
    const isClient = certificate?.subject === "CN=client" && body.get("client_id") === "id" && !body.has("client_secret");
    if (!isClient) return { status: 401, body: { error: "invalid_client" } };
    return { body: { access_token: `bound-to-${bound}`, token_type: "Bearer", expires_in: 60, cnf: { "x5t#S256": bound } } };
  });
  issuer = await start({}, (request) => {
    const own = `https://${request.headers.host}`;
    if (request.url?.startsWith("/.well-known/") === true) {
      const aliases = { token_endpoint: `${mtls}/token` };
      return { body: { issuer: own, token_endpoint: `${own}/token`, mtls_endpoint_aliases: aliases } };
    }
    const { authorization } = request.headers;
    if (request.url !== "/token") return { status: authorization === "Bearer plain" ? 200 : 401, body: {} };
    if (authorization !== `Basic ${btoa("id:secret")}`) return { status: 401, body: { error: "invalid_client" } };
    return { body: { access_token: "plain", token_type: "Bearer", expires_in: 60 } };
  });
});
beforeEach(() => void seen.splice(0));
afterAll(async () => {
  await open.disposeAsync();
  rmSync(folder, { recursive: true });
});

const portOf = (origin: string): string => new URL(origin).port;

/** What the program printed, on either stream. */
async function run(program: string, env: Record<string, string>): Promise<string> {
  const given = { CLIENT_ID: "id", CLIENT_SECRET: "secret", ISSUER: issuer, API_ORIGIN: issuer, CA_FILE, CERTIFICATE_FILE, KEY_FILE };
  const child = spawn(process.execPath, guideArguments(program), {
    env: { ...given, NODE_NO_WARNINGS: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (more: string) => (text += more));
  await once(child, "close");
  return text;
}

describe("proxies and certificates (field line 111)", () => {
  const answered = "The API answered 200.\n";

  it("behind a proxy: token and API are reached through it, and what it refuses was not sent", async () => {
    await using proxy = await startConnectProxy();
    const port = portOf(issuer);
    const far = { ISSUER: `https://login.corp.test:${port}`, API_ORIGIN: `https://api.corp.test:${port}`, NODE_EXTRA_CA_CERTS: CA_FILE };
    const HTTPS_PROXY = proxy.origin.replace("//", "//user:password@");
    expect(await run("behind-a-proxy", { ...far, HTTPS_PROXY })).toBe(answered);
    expect(new Set(proxy.asked)).toEqual(new Set([`login.corp.test:${port}`, `api.corp.test:${port}`]));
    expect(new Set(proxy.authorizations)).toEqual(new Set([`Basic ${btoa("user:password")}`]));

    expect(await run("behind-a-proxy", { NODE_EXTRA_CA_CERTS: CA_FILE, HTTPS_PROXY, NO_PROXY: "localhost" })).toBe(answered);
    const { length } = proxy.asked;
    expect(length).toBe(proxy.asked.filter((host) => !host.startsWith("localhost")).length);
  });

  it("an own CA: accepted by its file, and TLS's own words without it", async () => {
    expect(await run("own-ca", {})).toBe(answered);
    const other = createAuthority("Another company");
    const refused = await run("own-ca", { CA_FILE: inFolder("other.pem", other.cert) });
    expect(refused).toContain("unable to verify the first certificate");
    expect(refused).toContain("ERR_TOKEN_REQUEST_NOT_SENT");
  });

  it("mutual TLS: the certificate is the client, the aliases are used, and a bound token is good with it", async () => {
    expect(await run("mutual-tls", { API_ORIGIN: mtls })).toBe(answered);
    expect(seen).toContain(`${portOf(mtls)} /token`);
    expect(seen).not.toContain(`${portOf(issuer)} /token`);

    const of = { CERTIFICATE_FILE: inFolder("another.pem", another.cert), KEY_FILE: inFolder("another.key", another.key) };
    expect(await run("mutual-tls", { API_ORIGIN: mtls, ...of })).toContain("invalid_client");
  });
});
