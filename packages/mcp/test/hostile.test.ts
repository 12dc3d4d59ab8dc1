import type { ServerResponse } from "node:http";
import type { McpServerOptions } from "@tokenflight/mcp";
import type { NodeMcpLoginOptions } from "@tokenflight/mcp/node";
import { expect, it } from "vitest";
import {
  call,
  metadataOf,
  metadataPath,
  Reply,
  resourceOf,
  resourcePath,
  startWorld,
  type Origins,
  type Script,
  type World,
} from "./world.ts";

/** What is expected of a case: the error, and what may have been sent. */
interface Case {
  readonly script: Script;
  readonly options?: Partial<NodeMcpLoginOptions>;
  readonly wishes?: (at: Origins) => McpServerOptions;
  readonly error: object;
  /** What the authorization server may have been asked, by path. Default: nothing but metadata. */
  readonly asked?: readonly string[];
  /** How many users were sent to a page. Default none. */
  readonly windows?: number;
}

const failing = (reason: string, further: object = {}): object => ({ code: "ERR_MCP_SERVER", reason, ...further });
const loginFailing = (reason: string): object => ({ code: "ERR_LOGIN_FAILED", reason });

const challenge = (text: (at: Origins) => string): Script => ({ challenge: text });
const resource = (fields: (at: Origins) => object): Script => ({
  resource: { [resourcePath]: (at) => ({ ...resourceOf(at), ...fields(at) }) },
});
const resourceReply = (reply: (at: Origins) => Reply | string | ((response: ServerResponse) => void)): Script => ({
  resource: { [resourcePath]: reply },
});
const metadata = (fields: (at: Origins) => object): Script => ({
  metadata: { [metadataPath]: (at) => ({ ...metadataOf(at), ...fields(at) }) },
});
const metadataReply = (reply: (at: Origins) => Reply | string | object | ((response: ServerResponse) => void)): Script => ({
  metadata: { [metadataPath]: reply },
});

/** Bytes for as long as anybody reads. */
function endless(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
  const write = (): void =>
    void (response.destroyed || (response.write(`{"a":"${"x".repeat(65_536)}`) ? setImmediate(write) : response.once("drain", write)));
  write();
}

/** A beginning, and no end. */
const silent = (response: ServerResponse): void => void response.writeHead(200, { "content-type": "application/json" }).write("{");

const registered = ["/register"];
const exchanged = ["/register", "/token"];

const cases: Record<string, Case> = {
  // The challenge.
  "metadata at another origin": { script: challenge(({ evil }) => `Bearer resource_metadata="${evil}/rs"`), error: failing("address") },
  "metadata at another port of the same host": {
    script: challenge(() => 'Bearer resource_metadata="http://127.0.0.1:1/rs"'),
    error: failing("address"),
  },
  "metadata at a javascript address": {
    script: challenge(() => 'Bearer resource_metadata="javascript:alert(1)"'),
    error: failing("address"),
  },
  "metadata in a file": { script: challenge(() => 'Bearer resource_metadata="file:///etc/passwd"'), error: failing("address") },
  "metadata in the address itself": {
    script: challenge(() => 'Bearer resource_metadata="data:application/json,{}"'),
    error: failing("address"),
  },
  "metadata at no URL": { script: challenge(() => 'Bearer resource_metadata="/rs"'), error: failing("address") },
  "metadata at a URL with credentials": {
    script: challenge(({ mcp }) => `Bearer resource_metadata="${mcp.replace("//", "//a:b@")}${resourcePath}"`),
    error: failing("address"),
  },
  "two challenges, of which the first names another origin": {
    script: challenge(({ evil, mcp }) => `Bearer resource_metadata="${evil}/rs", Bearer resource_metadata="${mcp}${resourcePath}"`),
    error: failing("address"),
  },
  "a parameter twice, at first with another origin": {
    script: challenge(({ evil, mcp }) => `Bearer resource_metadata="${evil}/rs", resource_metadata="${mcp}${resourcePath}"`),
    error: failing("address"),
  },
  "a redirect where the metadata should be": {
    script: resourceReply(({ evil }) => new Reply(302, "", { location: `${evil}/rs` })),
    error: failing("resource-metadata"),
  },
  "a redirect at a well-known address": {
    script: { ...challenge(() => "Bearer"), ...resourceReply(({ evil }) => new Reply(307, "", { location: `${evil}/rs` })) },
    error: failing("resource-metadata"),
  },
  "no metadata where the challenge says": {
    script: challenge(({ mcp }) => `Bearer resource_metadata="${mcp}/nowhere"`),
    error: failing("resource-metadata"),
  },
  "a page in place of the metadata": { script: resourceReply(() => "<html>Log in</html>"), error: failing("resource-metadata") },

  // What the MCP server says of itself.
  "the metadata of another server": { script: resource(({ evil }) => ({ resource: `${evil}/mcp` })), error: failing("resource") },
  "that of another path": { script: resource(({ mcp }) => ({ resource: `${mcp}/other` })), error: failing("resource") },
  "that of a path which only begins so": { script: resource(({ mcp }) => ({ resource: `${mcp}/mc` })), error: failing("resource") },
  "that of a path below": { script: resource(({ mcp }) => ({ resource: `${mcp}/mcp/below` })), error: failing("resource") },
  "a resource with a fragment": { script: resource(({ mcp }) => ({ resource: `${mcp}/mcp#a` })), error: failing("resource") },
  "a resource with another query": { script: resource(({ mcp }) => ({ resource: `${mcp}/mcp?tenant=b` })), error: failing("resource") },
  "a resource with a line break": { script: resource(({ mcp }) => ({ resource: `${mcp}/mcp\n` })), error: failing("resource") },
  "an authorization server with a line break": {
    script: resource(({ as }) => ({ authorization_servers: [`${as}\n`] })),
    error: failing("authorization-server"),
  },
  "no resource": { script: resource(() => ({ resource: undefined })), error: failing("resource") },
  "a resource that is no text": { script: resource(({ mcp }) => ({ resource: [`${mcp}/mcp`] })), error: failing("resource") },
  "more metadata than anybody reads": {
    script: resourceReply(() => JSON.stringify({ padding: "x".repeat(300_000) })),
    error: failing("resource-metadata"),
  },
  "metadata without an end": { script: resourceReply(() => endless), error: failing("resource-metadata") },
  "metadata that never comes": { script: resourceReply(() => silent), options: { timeout: 1.5 }, error: failing("resource-metadata") },
  "a list for metadata": { script: resourceReply(() => "[]"), error: failing("resource-metadata") },
  "a text for authorization servers": {
    script: resource(({ as }) => ({ authorization_servers: as })),
    error: failing("resource-metadata"),
  },
  "an authorization server over http": {
    script: resource(() => ({ authorization_servers: ["http://login.example.com"] })),
    error: failing("authorization-server"),
  },
  "a javascript address for an authorization server": {
    script: resource(() => ({ authorization_servers: ["javascript:alert(1)"] })),
    error: failing("authorization-server"),
  },
  "an authorization server with a query": {
    script: resource(({ evil }) => ({ authorization_servers: [`${evil}/?a=b`] })),
    error: failing("authorization-server"),
  },
  "numbers for authorization servers": {
    script: resource(() => ({ authorization_servers: [1, null] })),
    error: failing("authorization-server"),
  },
  "an issuer that the program does not accept": {
    script: resource(({ evil }) => ({ authorization_servers: [evil] })),
    wishes: ({ as }) => ({ issuer: as }),
    error: failing("authorization-server"),
  },

  // The authorization server's metadata.
  "the metadata of another issuer": { script: metadata(({ evil }) => ({ issuer: evil })), error: failing("issuer") },
  "that of nobody": { script: metadata(() => ({ issuer: undefined })), error: failing("issuer") },
  "an issuer of another path": { script: metadata(({ as }) => ({ issuer: `${as}/tenant` })), error: failing("issuer") },
  "another issuer named by a server that the MCP server has not named": {
    script: {
      resource: { [metadataPath]: (at) => ({ ...metadataOf(at), issuer: at.evil }) },
      challenge: () => undefined,
    },
    error: failing("issuer"),
  },
  "no metadata of a server that was named": { script: { metadata: {} }, error: failing("server-metadata") },
  "a redirect in its place": {
    script: metadataReply(({ evil }) => new Reply(301, "", { location: evil })),
    error: failing("server-metadata"),
  },
  "more of it than anybody reads": {
    script: metadataReply(() => `{"issuer":"${"x".repeat(300_000)}"}`),
    error: failing("server-metadata"),
  },
  "none that ends": { script: metadataReply(() => endless), error: failing("server-metadata") },
  "a javascript address to log in at": {
    script: metadata(() => ({ authorization_endpoint: "javascript:alert(document.cookie)" })),
    error: failing("server-metadata"),
  },
  "a page over http to log in at": {
    script: metadata(() => ({ authorization_endpoint: "http://login.example.com/authorize" })),
    error: failing("server-metadata"),
  },
  "a page with credentials in its address": {
    script: metadata(() => ({ authorization_endpoint: "https://a:b@login.example.com/authorize" })),
    error: failing("server-metadata"),
  },
  "a program of this machine to log in at": {
    script: metadata(() => ({ authorization_endpoint: "vscode://evil" })),
    error: failing("server-metadata"),
  },
  "no page to log in at": {
    script: metadata(() => ({ authorization_endpoint: undefined })),
    error: failing("server-metadata"),
  },
  "a token endpoint over http": {
    script: metadata(() => ({ token_endpoint: "http://login.example.com/token" })),
    error: failing("server-metadata"),
  },
  "a token endpoint that is no text": {
    script: metadata(({ as }) => ({ token_endpoint: { href: `${as}/token` } })),
    error: failing("server-metadata"),
  },
  "a registration endpoint over http": {
    script: metadata(() => ({ registration_endpoint: "http://login.example.com/register" })),
    error: failing("server-metadata"),
  },
  "an endpoint for pushed requests over http": {
    script: metadata(() => ({
      require_pushed_authorization_requests: true,
      pushed_authorization_request_endpoint: "http://login.example.com/par",
    })),
    error: failing("server-metadata"),
  },
  "an endpoint for clients with certificates over http": {
    script: metadata(() => ({ mtls_endpoint_aliases: { token_endpoint: "http://login.example.com/token" } })),
    error: failing("server-metadata"),
  },
  "a revocation endpoint in a file": {
    script: metadata(() => ({ revocation_endpoint: "file:///tmp/a" })),
    error: failing("server-metadata"),
  },
  "no word of PKCE": { script: metadata(() => ({ code_challenge_methods_supported: undefined })), error: failing("pkce") },
  "PKCE in the clear only": { script: metadata(() => ({ code_challenge_methods_supported: ["plain"] })), error: failing("pkce") },

  // The client's registration.
  "no way to be known": { script: metadata(() => ({ registration_endpoint: undefined })), error: failing("no-client") },
  "a metadata document that nobody reads": {
    script: metadata(() => ({ registration_endpoint: undefined })),
    options: { client: { name: "a", metadataUrl: "https://agent.example/client.json" } },
    error: failing("no-client"),
  },
  "a registration that is refused": {
    script: { register: () => new Reply(400, { error: "invalid_redirect_uri", error_description: "Only https." }) },
    error: failing("registration", { error: "invalid_redirect_uri", errorDescription: "Only https." }),
    asked: registered,
  },
  "a registration that redirects": {
    script: { register: (_, { evil }) => new Reply(307, "", { location: `${evil}/register` }) },
    error: failing("registration"),
    asked: registered,
  },
  "a registration without an id": {
    script: { register: () => new Reply(201, { client_name: "a" }) },
    error: failing("registration"),
    asked: registered,
  },
  "an id that is no text": {
    script: { register: () => new Reply(201, { client_id: 7 }) },
    error: failing("registration"),
    asked: registered,
  },
  "an id with line breaks": {
    script: { register: () => new Reply(201, { client_id: "a\r\nb: c" }) },
    error: failing("registration"),
    asked: registered,
  },
  "a secret that is none": {
    script: { register: () => new Reply(201, { client_id: "a", client_secret: { a: 1 } }) },
    error: failing("registration"),
    asked: registered,
  },
  "a registration for other addresses": {
    script: { register: (_, { evil }) => new Reply(201, { client_id: "a", redirect_uris: [`${evil}/callback`] }) },
    error: failing("registration"),
    asked: registered,
  },
  "a registration that wants another authentication": {
    script: { register: () => new Reply(201, { client_id: "a", token_endpoint_auth_method: "tls_client_auth" }) },
    error: failing("registration"),
    asked: registered,
  },
  "a registration without an end": { script: { register: () => endless }, error: failing("registration"), asked: registered },
  "a page for a registration": { script: { register: () => new Reply(200, "<html>") }, error: failing("registration"), asked: registered },
  "a client of another issuer": {
    script: metadata(() => ({ registration_endpoint: undefined })),
    options: { client: { name: "a", registered: [{ issuer: "https://login.example.com", clientId: "theirs" }] } },
    error: failing("no-client"),
  },

  // The callback.
  "a callback of another issuer (mix-up)": {
    script: { callback: (_, { evil }) => ({ iss: evil }) },
    error: loginFailing("callback"),
    asked: registered,
    windows: 1,
  },
  "one whose issuer is only the same in another spelling": {
    script: { callback: (_, { as }) => ({ iss: `${as}/` }) },
    error: loginFailing("callback"),
    asked: registered,
    windows: 1,
  },
  "one without an issuer, from a server that always names it": {
    script: metadata(() => ({ authorization_response_iss_parameter_supported: true })),
    error: loginFailing("callback"),
    asked: registered,
    windows: 1,
  },
  "a refusal that names another issuer is not shown": {
    script: { callback: (_, { evil }) => ({ iss: evil, error: "access_denied", error_description: "Call 555-0100", code: "" }) },
    error: { ...loginFailing("callback"), error: undefined, errorDescription: undefined },
    asked: registered,
    windows: 1,
  },
  "a callback with tokens in place of a code": {
    script: { callback: () => ({ access_token: "evil" }) },
    error: loginFailing("callback"),
    asked: registered,
    windows: 1,
  },
  "a token endpoint that redirects the code": {
    script: { token: (_, { evil }) => new Reply(307, "", { location: `${evil}/token` }) },
    error: { code: "ERR_TOKEN_REQUEST_UNKNOWN" },
    asked: exchanged,
    windows: 1,
  },
  "a token that no header can hold": {
    script: { token: () => ({ access_token: "a\r\nx: y", token_type: "Bearer" }) },
    error: { code: "ERR_INVALID_TOKEN_RESPONSE" },
    asked: exchanged,
    windows: 1,
  },
};

it("tries more than forty ways", () => {
  expect(Object.keys(cases).length).toBeGreaterThan(60);
});

const pathsOf = (world: World): string[] => world.received.as.map(({ path }) => path).filter((path) => !path.startsWith("/.well-known/"));

it.each(Object.entries(cases))(
  "%s: a typed error, and nothing leaves",
  async (_, { script, options, wishes, error, asked = [], windows = 0 }) => {
    const world = await startWorld(script);
    const failure: unknown = await call(world.server(options, wishes?.(world.at))).then(
      ({ status }) => ({ status }),
      (thrown: unknown) => thrown,
    );
    expect(failure).toMatchObject(error);
    expect(world.received.evil).toEqual([]);
    expect(pathsOf(world)).toEqual(asked);
    expect(world.windows).toHaveLength(windows);
    // No token was sent anywhere, and none is kept.
    expect(world.received.mcp.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect(await world.login().for(world.url).tokens.reread()).toBeUndefined();
  },
);
