/** Why a request got no answer. */
export interface Failure {
  /** The connection was never made, so that the server cannot have seen the request. */
  readonly neverConnected: boolean;
  /** Such as "ECONNREFUSED". */
  readonly code: string | undefined;
  /** A copy of the innermost error with its name, code and message: the error itself may hold what was sent or received. */
  readonly cause: Error;
}

/** Of Node's sockets, its resolver and undici. */
const notConnected = new Set(
  `ECONNREFUSED ENOTFOUND EAI_AGAIN EAI_FAIL EAI_NODATA ENETUNREACH ENETDOWN EHOSTUNREACH EHOSTDOWN EADDRNOTAVAIL
  UND_ERR_CONNECT_TIMEOUT ERR_SSL_WRONG_VERSION_NUMBER INVALID_CA INVALID_PURPOSE HOSTNAME_MISMATCH PATH_LENGTH_EXCEEDED`.split(/\s+/),
);
/** OpenSSL's reasons for not taking a server's certificate, as Node spells them. Nothing is sent before it is taken. */
const badCertificate = /^(?:CERT_|UNABLE_TO_|ERR_TLS_CERT_)|SELF_SIGNED_CERT/;

/** `mask` takes secrets out of a text; without one, no message is kept. */
export function readFailure(error: unknown, mask?: (text: string) => string): Failure {
  const innermost = causes(error);
  const [first] = innermost;
  const code = field(first, "code");
  const message =
    mask === undefined ? "Its message is left out: it may hold a credential." : mask(field(first, "message") ?? "").slice(0, 300);
  const cause = Object.assign(new Error(message), code === undefined ? {} : { code });
  cause.name = field(first, "name") ?? "Error";
  return { neverConnected: innermost.length > 0 && innermost.every(isNotConnected), code, cause };
}

/** The ends of the chain of causes; several where several addresses were tried. */
function causes(error: unknown, depth = 0): object[] {
  if (typeof error !== "object" || error === null) return [];
  if (depth < 8) {
    const inner = error instanceof AggregateError ? error.errors : [(error as Error).cause];
    const found = inner.flatMap((one) => causes(one, depth + 1));
    if (found.length > 0) return found;
  }
  return [error];
}

function isNotConnected(error: object): boolean {
  const code = field(error, "code");
  const call = field(error, "syscall");
  return call === "connect" || call === "getaddrinfo" || (code !== undefined && (notConnected.has(code) || badCertificate.test(code)));
}

/** Names and codes of errors are short words; whatever else stands there is not taken for one. */
function field(error: object | undefined, name: "code" | "syscall" | "name" | "message"): string | undefined {
  // Codes are looked for on the error itself; names, and the messages of some, stand on its prototype.
  if (error === undefined || ((name === "code" || name === "syscall") && !Object.hasOwn(error, name))) return undefined;
  const value: unknown = (error as Record<string, unknown>)[name];
  if (typeof value !== "string") return undefined;
  return name === "message" || /^\w{1,64}$/.test(value) ? value : undefined;
}
