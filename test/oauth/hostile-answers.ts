import type { ServerResponse } from "node:http";
import { brotliCompressSync, createGzip, deflateSync, gzipSync } from "node:zlib";

/** What the server does with a token request in place of an honest answer. */
export type Mischief = (response: ServerResponse) => void;
type Expected = "tokens" | "ERR_INVALID_TOKEN_RESPONSE" | "ERR_LOGIN_REQUIRED" | `ERR_TOKEN_REQUEST_${"REFUSED" | "THROTTLED" | "UNKNOWN"}`;

export const megabyte = 1024 * 1024;
const json = { "content-type": "application/json" };
const good = { access_token: "new-access", refresh_token: "new-refresh", token_type: "Bearer", expires_in: 60 };

/** Answers with this body and no more. */
export function says(body: unknown, status = 200, headers: Record<string, string | string[]> = json): Mischief {
  const text = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  return (response) => void response.writeHead(status, headers).end(text);
}

function fields(changes: object): Mischief {
  return says({ ...good, ...changes });
}

/** Writes for as long as somebody reads. */
function endless(status: number, chunk: string, headers: Record<string, string> = json): Mischief {
  return (response) => {
    response.writeHead(status, headers);
    pump(response, Buffer.from(chunk.repeat(Math.ceil(65_536 / chunk.length))), () => response.destroyed);
  };
}

function pump(sink: Pick<ServerResponse, "write" | "once">, chunk: Buffer, over: () => boolean): void {
  const write = (): void => {
    while (!over()) {
      if (sink.write(chunk)) continue;
      sink.once("drain", write);
      return;
    }
  };
  write();
}

/** One piece every few milliseconds. */
function drip(status: number, piece: string, head = ""): Mischief {
  return (response) => {
    response.writeHead(status, json).write(head);
    const timer = setInterval(() => response.write(piece), 5);
    response.once("close", () => clearInterval(timer));
  };
}

export const bomb: Mischief = (response) => {
  response.writeHead(200, { ...json, "content-encoding": "gzip" });
  const gzip = createGzip();
  gzip.pipe(response);
  pump(gzip as unknown as ServerResponse, Buffer.alloc(65_536, " "), () => response.destroyed);
};

const raw =
  (text: string): Mischief =>
  (response) => {
    response.socket?.end(text);
  };

const unknown = "ERR_TOKEN_REQUEST_UNKNOWN";
const refused = "ERR_TOKEN_REQUEST_REFUSED";
export const throttled = "ERR_TOKEN_REQUEST_THROTTLED";
const invalid = "ERR_INVALID_TOKEN_RESPONSE";
export const login = "ERR_LOGIN_REQUIRED";
/** An optional field that cannot be read costs nothing but itself. */
export const tokens = "tokens";
/** A new refresh token that came with the mischief: it is stored, whatever else is wrong. */
const fresh = good.refresh_token;

/** Every case with the code of the error that it has to end in, and the refresh token that is stored afterwards, when that is another one. */
export const cases: readonly (readonly [name: string, mischief: Mischief, expected: Expected, refreshToken?: string])[] = [
  // Sizes.
  ["200 without end", endless(200, " "), unknown],
  ["200 without end, of open brackets", endless(200, "["), unknown],
  ["200 without end, of one long token", endless(200, "a"), unknown],
  ["400 without end", endless(400, " "), refused],
  ["500 without end", endless(500, " "), unknown],
  ["200 MB that are announced", endless(200, " ", { ...json, "content-length": String(200 * megabyte) }), unknown],
  ["300 KB of tokens", fields({ padding: "x".repeat(300_000) }), unknown, fresh],
  ["a description of 200 KB", says({ error: "invalid_request", error_description: "d".repeat(200_000) }, 400), refused],
  ["an error code of 200 KB", says({ error: "e".repeat(200_000) }, 400), refused],
  ["nothing at all", says(""), unknown],
  ["white space", says(" \n\t "), unknown],
  ["204", says("", 204), unknown],
  // Slowness.
  ["silence", () => {}, unknown],
  ["a head and no body", (response) => response.writeHead(200, json).flushHeaders(), unknown],
  ["200, a byte now and then", drip(200, " "), unknown],
  ["200, tokens a byte at a time and never the last", drip(200, " ", JSON.stringify(good).slice(0, -1)), unknown, fresh],
  ["400, a byte now and then", drip(400, " "), refused],
  ["401, an error that never ends", drip(401, " ", '{"error":"invalid_client"'), refused],
  ["503, a byte now and then", drip(503, " "), throttled],
  // Compression.
  ["a gzip bomb", bomb, unknown],
  ["gzip of a bomb in one piece", says(gzipSync(Buffer.alloc(8 * megabyte, " ")), 200, { ...json, "content-encoding": "gzip" }), unknown],
  ["deflate of a bomb", says(deflateSync(Buffer.alloc(8 * megabyte, " ")), 200, { ...json, "content-encoding": "deflate" }), unknown],
  ["brotli of a bomb", says(brotliCompressSync(Buffer.alloc(8 * megabyte, " ")), 200, { ...json, "content-encoding": "br" }), unknown],
  ["what is not gzip", says(JSON.stringify(good), 200, { ...json, "content-encoding": "gzip" }), unknown],
  ["half of a gzip", says(gzipSync(JSON.stringify(good)).subarray(0, 30), 200, { ...json, "content-encoding": "gzip" }), unknown],
  // Encodings and forms.
  ["HTML", says("<html><body>Welcome</body></html>", 200, { "content-type": "text/html" }), unknown],
  ["HTML as JSON", says("<html>access_token=a</html>"), unknown],
  ["UTF-16", says(Buffer.from(JSON.stringify(good), "utf16le")), unknown],
  ["bytes that are no UTF-8", says(Buffer.from([0xff, 0xfe, 0x00, 0x80])), unknown],
  ["half of a JSON text", says('{"access_token":"new-access","refresh'), unknown],
  ["JSON twice", says(JSON.stringify(good).repeat(2)), unknown, fresh],
  ["an array", says([good]), unknown, fresh],
  ["a string", says('"access_token"'), unknown],
  ["null", says("null"), unknown],
  ["a number", says("7"), unknown],
  ["JSON of 100,000 levels", says("[".repeat(100_000) + "]".repeat(100_000)), unknown],
  ["an object of 1,000 levels", says(`${'{"a":'.repeat(1000)}1${"}".repeat(1000)}`), unknown],
  // Types and values.
  ["no access token", fields({ access_token: undefined }), invalid, fresh],
  ["an empty access token", fields({ access_token: "" }), invalid, fresh],
  ["an access token that is null", fields({ access_token: null }), invalid, fresh],
  ["an access token that is a number", fields({ access_token: 7 }), invalid, fresh],
  ["an access token in an object", fields({ access_token: { value: "a" } }), invalid, fresh],
  ["a line break in the access token", fields({ access_token: "a\r\nx-admin: 1" }), invalid, fresh],
  ["a NUL in the access token", fields({ access_token: "a\u0000b" }), invalid, fresh],
  ["a space in the access token", fields({ access_token: "a b" }), invalid, fresh],
  ["an access token that is not ASCII", fields({ access_token: "tökén" }), invalid, fresh],
  ["a line break in the refresh token", fields({ refresh_token: "r\n" }), tokens, "r"],
  ["a refresh token that is a list", fields({ refresh_token: ["r"] }), tokens],
  ["an id token that is an object", fields({ id_token: {} }), tokens, fresh],
  ["a negative lifetime", fields({ expires_in: -1 }), tokens, fresh],
  ["a token type that is a number", fields({ token_type: 1 }), tokens, fresh],
  ["a token of another type", fields({ token_type: "mac" }), invalid, fresh],
  ["a token type with a line break", fields({ token_type: "Bearer\r\nx: y" }), invalid, fresh],
  ["a scope that is an object", fields({ scope: { read: true } }), tokens, fresh],
  ["an expiry that is no time", fields({ expires_in: undefined, expires_at: "soon" }), tokens, fresh],
  ["a prototype in place of tokens", says('{"__proto__":{"access_token":"a"}}'), invalid],
  ["a constructor in place of tokens", says('{"constructor":{"prototype":{"access_token":"a"}}}'), invalid],
  // Redirects.
  ...[301, 302, 303, 307, 308].map(
    (status) => [`a redirect, ${status}`, says(good, status, { ...json, location: "/elsewhere" }), unknown, fresh] as const,
  ),
  // Headers and statuses.
  ["a Retry-After of a million years", says("", 503, { "retry-after": "31536000000000" }), throttled],
  ["a Retry-After that is none", says("", 429, { "retry-after": "-1; DROP TABLE" }), throttled],
  ["15 KB of WWW-Authenticate", says("", 401, { "www-authenticate": "a".repeat(15_000) }), refused],
  ["1,500 schemes in WWW-Authenticate", says("", 401, { "www-authenticate": "Basic a=b, ".repeat(1300) }), refused],
  ["a head of 100 KB", says(good, 200, { ...json, "x-padding": Array.from({ length: 25 }, () => "p".repeat(4000)) }), unknown],
  ["418", says("I am a teapot", 418, {}), refused],
  ["599", says("", 599), unknown],
  ["an error with 200", says({ error: "temporarily_unavailable" }), refused],
  ["tokens and an error", fields({ error: "server_error" }), refused, fresh],
  ["the end of the session", says({ error: "invalid_grant" }, 400), login],
  // Splits.
  ["a reset", (response) => void response.socket?.resetAndDestroy(), unknown],
  [
    "a reset within the body",
    (response) => void response.writeHead(200, json).write('{"access', () => response.socket?.resetAndDestroy()),
    unknown,
  ],
  [
    "an end before the announced one",
    (response) => void response.writeHead(200, { "content-length": 500 }).write("{", () => response.destroy()),
    unknown,
  ],
  ["no HTTP", raw("220 smtp.example.com ESMTP\r\n"), unknown],
  ["a broken status line", raw("HTTP/1.1 twohundred OK\r\n\r\n"), unknown],
  ["a broken chunk", raw(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n${JSON.stringify(good)}\r\n`), unknown],
  ["two lengths", raw(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 90\r\n\r\n${JSON.stringify(good)}`), unknown],
];
