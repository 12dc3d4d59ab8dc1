import type { HeaderFields } from "@tokenflight/core";

/** Stands where the value of a header field was. */
const hidden = "[hidden]";

type KeptHeaders = Record<string, unknown>;

/** What Node's client requests and those of follow-redirects keep of the header that they have sent. */
interface KeptByNode {
  /** The header as it went over the wire, and what could not go there yet. */
  _header?: string | null;
  outputData?: { data: unknown }[];
  /** HTTP/2. */
  sentHeaders?: KeptHeaders;
  socket?: { destroyed: boolean; encrypted?: boolean; _pendingData?: unknown } | null;
  /** follow-redirects: the options of the next hop, the request of this hop, and the way back from it. */
  _options?: { headers?: KeptHeaders };
  _currentRequest?: KeptByNode;
  _redirectable?: KeptByNode;
}

/**
 * Takes header fields out of a request that axios shows in `response.request` and `error.request`. They are not needed there any more:
 * the request was answered or has failed. Never throws, because a request of an unknown kind is no reason to fail.
 */
export function hideFields(request: unknown, fields: HeaderFields): void {
  if (typeof request !== "object" || request === null) return;
  try {
    const { headers } = request as { headers?: unknown };
    if (hasFields(headers)) for (const name of Object.keys(fields)) headers.delete(name);
    else hideInNodeRequest(request, fields);
  } catch {
    // It shows then what its makers wanted it to show.
  }
}

/** Those of a Request, whichever fetch it belongs to. */
function hasFields(headers: unknown): headers is Headers {
  return typeof headers === "object" && headers !== null && "delete" in headers && "append" in headers;
}

function hideInNodeRequest(request: KeptByNode, fields: HeaderFields): void {
  const outer = request._redirectable ?? request;
  const inner = outer._currentRequest ?? request;
  // follow-redirects lets Node have its own options; without it, they are found where Node's agent keeps those of a request in its queue.
  const options = outer === inner ? (behindSymbol(inner, "requestOptions") as KeptByNode["_options"]) : outer._options;
  const outHeaders = behindSymbol(inner, "kOutHeaders") as Record<string, string[]> | undefined;
  for (const name of Object.keys(fields)) {
    const value = fields[name] as string;
    hideInHeaders(inner.sentHeaders, name, value);
    hideInHeaders(options?.headers, name, value);
    hideInText(inner, name, value);
    if (outHeaders?.[name]?.[1] === value) outHeaders[name][1] = hidden;
  }
  hideInSocket(inner.socket);
}

function hideInHeaders(headers: KeptHeaders | undefined, name: string, value: string): void {
  if (headers?.[name] === value) headers[name] = hidden;
}

function hideInText(request: KeptByNode, name: string, value: string): void {
  if (typeof request._header !== "string") return;
  const line = `${name}: ${value}\r\n`;
  const shown = `${name}: ${hidden}\r\n`;
  request._header = request._header.replace(line, shown);
  for (const unsent of request.outputData ?? []) {
    if (typeof unsent.data === "string") unsent.data = unsent.data.replace(line, shown);
  }
}

function hideInSocket(socket: KeptByNode["socket"]): void {
  if (socket == null) return;
  // A connection that was not made keeps what was to be sent first.
  if (socket.destroyed && socket._pendingData) socket._pendingData = null;
  // A TLS connection keeps the options of the request that it was made for as long as it lives. Only its own copy of them loses the
  // headers: follow-redirects may need the very same ones for its next hop.
  const options = socket.encrypted === true ? (behindSymbol(socket, "connect-options") as { headers?: unknown } | undefined) : undefined;
  if (options?.headers !== undefined) options.headers = undefined;
}

/** The symbols that Node keeps such things behind are not exported, and are the same for all requests and connections. */
const symbols = new Map<string, symbol>();

function behindSymbol(holder: object, description: string): unknown {
  let symbol = symbols.get(description);
  if (symbol === undefined) {
    symbol = Object.getOwnPropertySymbols(holder).find((own) => own.description === description);
    if (symbol === undefined) return undefined;
    symbols.set(description, symbol);
  }
  return (holder as Record<symbol, unknown>)[symbol];
}
