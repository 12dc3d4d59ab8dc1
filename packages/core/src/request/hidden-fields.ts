import type { HeaderFields } from "./scheme.ts";

/** Is written over the value of a header field. */
const hidden = "[hidden]";

/** Header fields as clients keep them, by their names. */
type KeptHeaders = Record<string, unknown>;
type WithHeaders = { headers?: KeptHeaders | undefined };

/** What requests of Node, of follow-redirects and of got's HTTP/2 client keep of the header that they have sent. */
interface KeptByRequest {
  /** The header as it was sent, and what could not be sent yet. */
  _header?: string | null;
  outputData?: { data: unknown }[];
  /** HTTP/2: what was to be sent, and what was sent. */
  headers?: KeptHeaders;
  sentHeaders?: KeptHeaders;
  stream?: { sentHeaders?: KeptHeaders };
  socket?: { destroyed: boolean; encrypted?: boolean; _pendingData?: unknown } | null;
  /** follow-redirects: the options of the next request, the request in progress, and from that one the way back. */
  _options?: WithHeaders;
  _currentRequest?: KeptByRequest;
  _redirectable?: KeptByRequest;
}

/**
 * Takes header fields out of a request that a client shows in its responses and errors, once it was answered or has failed. `headers` is the
 * object that it was made with, where the adapter has it: Node's connections and agents refer to it while they live. Never throws.
 */
export function hideFields(request: unknown, fields: HeaderFields, headers?: KeptHeaders): void {
  if (typeof request !== "object" || request === null) return;
  try {
    const outer: KeptByRequest = (request as KeptByRequest)._redirectable ?? request;
    const inner: KeptByRequest = outer._currentRequest ?? request;
    if (isHeaders(inner.headers)) for (const name of Object.keys(fields)) inner.headers.delete(name);
    else if ("_header" in inner || "headers" in inner || "sentHeaders" in inner || headers !== undefined || outer !== inner)
      hideInNodeRequest(outer, inner, fields, headers);
  } catch {
    // The request then shows what its makers wanted it to show.
  }
}

/** The headers of a Request, whichever fetch it belongs to. */
function isHeaders(headers: unknown): headers is Headers {
  return typeof headers === "object" && headers !== null && "delete" in headers && "append" in headers;
}

function hideInNodeRequest(outer: KeptByRequest, inner: KeptByRequest, fields: HeaderFields, headers: KeptHeaders | undefined): void {
  // follow-redirects has options of its own. Without it, Node's agent keeps those of a request that had to wait for a connection.
  const options = headers !== undefined ? undefined : outer === inner ? behindSymbol<WithHeaders>(inner, "requestOptions") : outer._options;
  const sentWith = headers ?? options?.headers;
  const outHeaders = behindSymbol<Record<string, string[]>>(inner, "kOutHeaders");
  for (const name of Object.keys(fields)) {
    const value = fields[name] as string;
    hideInRecord(sentWith, name, value);
    hideInRecord(inner.headers, name, value);
    hideInRecord(inner.sentHeaders, name, value);
    hideInRecord(inner.stream?.sentHeaders, name, value);
    if (typeof inner._header === "string") inner._header = withoutValue(inner._header, name, value);
    for (const unsent of inner.outputData ?? []) {
      if (typeof unsent.data === "string") unsent.data = withoutValue(unsent.data, name, value);
    }
    const kept = outHeaders?.[name.toLowerCase()];
    if (kept?.[1] === value) kept[1] = hidden;
  }
  hideInSocket(inner.socket);
}

function hideInRecord(record: KeptHeaders | undefined, name: string, value: string): void {
  if (record?.[name] === value) record[name] = hidden;
}

/** Looks for the name, which is short: the search for a whole token takes several times as long. */
function withoutValue(header: string, name: string, value: string): string {
  const line = header.indexOf(`\r\n${name}: `);
  const start = line + name.length + 4;
  if (line === -1 || !header.startsWith(value, start)) return header;
  return header.slice(0, start) + hidden + header.slice(start + value.length);
}

function hideInSocket(socket: KeptByRequest["socket"]): void {
  if (socket == null) return;
  // A connection that could not be made keeps what was to be sent first.
  if (socket.destroyed && socket._pendingData) socket._pendingData = null;
  // A TLS connection keeps a copy of the options of the request that it was made for, for as long as it lives. The copy loses its
  // headers, whole: they may be the very object that follow-redirects sends the next request with.
  const options = socket.encrypted === true ? behindSymbol<WithHeaders>(socket, "connect-options") : undefined;
  if (options?.headers !== undefined) options.headers = undefined;
}

/** Node does not export the symbols that it keeps such things behind. They are the same for all requests and connections. */
const symbols = new Map<string, symbol>();

function behindSymbol<Kept>(owner: object, description: string): Kept | undefined {
  const known = symbols.get(description);
  const symbol = known ?? Object.getOwnPropertySymbols(owner).find((own) => own.description === description);
  if (symbol === undefined) return undefined;
  if (known === undefined) symbols.set(description, symbol);
  return (owner as Record<symbol, Kept>)[symbol];
}
