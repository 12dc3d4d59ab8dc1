import { hasOwn } from "@tokenflight/core";

/** Why a request got no answer. */
export interface Failure {
  /** The request was not sent, so that the server cannot have seen it. */
  readonly neverConnected: boolean;
  /** Why, in short: a code, such as "ECONNREFUSED", or words for a code that does not tell. */
  readonly code: string | undefined;
  /** A copy of the innermost error with its name, code and message: the error itself may contain what was sent or received. */
  readonly cause: Error;
}

/** Reads what a fetch threw. `mask` takes secrets out of a text; without one, no message is kept. */
export function readFailure(error: unknown, mask?: (text: string) => string): Failure {
  const branches = branchesOf(error);
  const first = branches[0]?.[branches[0].length - 1];
  const code = errorField(first, "code");
  const message =
    mask === undefined
      ? "Its message is left out: it may hold a credential."
      : mask(errorField(first, "message") ?? "")
          .trim()
          .slice(0, 300);
  const cause = Object.assign(new Error(message), code === undefined ? {} : { code });
  cause.name = errorField(first, "name") ?? "Error";
  const found = branches.map(whyNeverSent);
  return { neverConnected: found.length > 0 && !found.includes(undefined), code: found[0]?.says ?? code, cause };
}

/** A chain of causes, from the outermost to the innermost. */
type Branch = readonly object[];

/** Returns the chains of causes: several where several addresses were tried. */
function branchesOf(error: unknown, depth = 0): Branch[] {
  if (typeof error !== "object" || error === null) return [];
  const inner: unknown[] = depth >= 8 ? [] : error instanceof AggregateError ? error.errors : [(error as Error).cause];
  const found = inner.flatMap((one) => branchesOf(one, depth + 1));
  return found.length === 0 ? [[error]] : found.map((branch) => [error].concat(branch));
}

/** The innermost error says it; or one around it that is a proxy's, whose connection is not that to the server. */
function whyNeverSent(branch: Branch): { says: string | undefined } | undefined {
  const errors = branch.map(read);
  const innermost = errors.pop();
  const ofProxy = errors.filter(({ code }) => code !== undefined && /^(?:UND_ERR_PRX_|ERR_PROXY_)/.test(code));
  const said = ofProxy[ofProxy.length - 1] ?? innermost;
  return said === undefined ? undefined : neverSent(said);
}

function read(error: object): ReadError {
  return { code: errorField(error, "code"), syscall: errorField(error, "syscall"), message: errorField(error, "message") };
}

/** Reads a field of an error. Names and codes are short words; whatever else is in their place is ignored. */
function errorField(error: object | undefined, name: "code" | "syscall" | "name" | "message"): string | undefined {
  // A code has to be the error's own; a name, and the message of some errors, is on its prototype.
  if (error === undefined || ((name === "code" || name === "syscall") && !hasOwn(error, name))) return undefined;
  const value: unknown = (error as Record<string, unknown>)[name];
  if (typeof value !== "string") return undefined;
  // Some of OpenSSL's words for an alert have a slash.
  return name === "message" || /^[\w/]{1,64}$/.test(value) ? value : undefined;
}

/** What says that a request was never sent: an error with this code, and a message that begins like this. */
interface NeverSent {
  readonly code?: RegExp;
  readonly message?: RegExp;
  /** What a person is told instead of the code. `$1` is a part of the message. */
  readonly says?: string;
}

/** undici gives a dispatcher of another version handlers that this one does not know, and refuses before it does anything. */
const otherVersion = "the dispatcher is of another version of undici than the fetch, so take both from one package";

/**
 * Errors of Node's sockets, its resolver and its TLS, of OpenSSL, and of undici, in Node or from npm. Each of them comes before the first byte of a
 * request could be read by the server. What may come later as well is not here.
 */
const facts: readonly NeverSent[] = [
  { code: /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EAI_FAIL|EAI_NODATA|ENETUNREACH|ENETDOWN|EHOSTUNREACH|EHOSTDOWN|EADDRNOTAVAIL)$/ },
  { code: /^UND_ERR_CONNECT_TIMEOUT$/ },
  // The server's certificate, as OpenSSL and Node judge it.
  { code: /^(?:CERT_|UNABLE_TO_|ERR_TLS_CERT_)|SELF_SIGNED_CERT|^(?:INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH_EXCEEDED)$/ },
  // The handshake: with something that does not speak TLS, and ended by the server, which wants another version or a certificate.
  { code: /^ERR_SSL_(?:WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|NO_CIPHERS_AVAILABLE|PACKET_LENGTH_TOO_LONG)$/ },
  {
    code: /^ERR_SSL_[\w/]*ALERT_(?:HANDSHAKE_FAILURE|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA)$/,
  },
  { code: /^ERR_SSL_TLSV1_UNRECOGNIZED_NAME$/ },
  { code: /^ECONNRESET$/, message: /^Client network socket disconnected before secure TLS connection was established/ },
  // The client's own certificate and key cannot be read, or are not of one another.
  { code: /^ERR_OSSL_(?:X509|PEM|ASN1|PKCS12|BAD_DECRYPT|UNSUPPORTED)|^ERR_TLS_(?:INVALID_PROTOCOL_VERSION|PROTOCOL_VERSION_CONFLICT)/ },
  // Proxies.
  { code: /^UND_ERR_ABORTED$/, message: /^Proxy response \((\d{3})\) !== 200 when HTTP Tunneling/, says: "the proxy answered $1" },
  { code: /^UND_ERR_INVALID_ARG$/, message: /^Proxy Authentication Required \((407)\)/, says: "the proxy answered $1" },
  { code: /^(?:UND_ERR_PRX_\w+|UND_ERR_SOCKS5\w*|ERR_PROXY_TUNNEL|ERR_PROXY_INVALID_CONFIG)$/, says: "the proxy cannot be used" },
  // Dispatchers that cannot serve.
  { code: /^UND_ERR_INVALID_ARG$/, message: /^(?:invalid on\w+ method|handler must be an object)/, says: otherVersion },
  { message: /^agent\.dispatch is not a function$/, says: "the dispatcher is none" },
  { code: /^(?:UND_ERR_CLOSED|UND_ERR_MAX_ORIGINS_REACHED|UND_ERR_BPL_MISSING_UPSTREAM|UND_MOCK_ERR_MOCK_NOT_MATCHED)$/ },
  // Requests that cannot be.
  { message: /^There is no global fetch\.$/, says: "this platform has no fetch: give one as the option `fetch`" },
  { message: /^(bad port|unknown scheme)$/, says: "fetch refuses it: $1" },
  { code: /^UND_ERR_INVALID_ARG$/, message: /^invalid [\w-]+ header/ },
  { code: /^UND_ERR_NOT_SUPPORTED$/, message: /^expect header not supported/ },
  { code: /^(?:ERR_INVALID_CHAR|ERR_INVALID_HTTP_TOKEN|ERR_HTTP_INVALID_HEADER_VALUE)$/ },
];

const calls: ReadonlySet<string | undefined> = new Set(["connect", "getaddrinfo"]);

/** What is read of an error. */
interface ReadError {
  readonly code: string | undefined;
  readonly syscall: string | undefined;
  readonly message: string | undefined;
}

/** Whether an error says that its request was never sent; then `says` completes "could not be reached (...)" where the code would not tell why. */
function neverSent({ code = "", syscall, message = "" }: ReadError): { says: string | undefined } | undefined {
  const fact = facts.find(
    (one) => (one.code === undefined || one.code.test(code)) && (one.message === undefined || one.message.test(message)),
  );
  if (fact === undefined) return calls.has(syscall) ? { says: undefined } : undefined;
  const [, part = ""] = fact.message?.exec(message) ?? [];
  return { says: fact.says?.replace("$1", part) };
}
