import type { HeaderFields } from "@tokenflight/core";

/** Stands where the value of a header field was. */
const hidden = "[hidden]";

/** What Node's client requests and those of follow-redirects keep of the header that they have sent. */
interface KeptByNode {
  /** The header as it went over the wire. */
  _header?: string | null;
  /** What was not sent because there was no connection. */
  outputData?: { data: unknown }[];
  socket?: { destroyed: boolean; encrypted?: boolean; _pendingData?: unknown } | null;
  /** follow-redirects: the options for the next hop, the request of this hop, and back. */
  _options?: { headers?: Record<string, unknown> };
  _currentRequest?: object;
  _redirectable?: object;
  /** HTTP/2. */
  sentHeaders?: Record<string, unknown>;
}

/**
 * Takes header fields out of a request that axios shows in `response.request` and `error.request`. They are not needed there any more:
 * the request was answered or has failed. Never throws, because a request of an unknown kind is no reason to fail.
 */
export function hideFields(request: unknown, fields: HeaderFields): void {
  if (typeof request !== "object" || request === null) return;
  try {
    const { headers } = request as { headers?: Partial<Headers> };
    const { _redirectable: outer = request, _currentRequest: inner = request } = request as KeptByNode;
    for (const name of Object.keys(fields)) {
      const value = fields[name] as string;
      if (headers?.get?.(name) === value) headers.delete?.(name);
      hideInRecord((outer as KeptByNode)._options?.headers, name, value);
      hideInNodeRequest(inner as KeptByNode, name, value);
    }
    hideInSocket((inner as KeptByNode).socket);
  } catch {
    // It shows then what its makers wanted it to show.
  }
}

function hideInRecord(record: Record<string, unknown> | undefined, name: string, value: string): void {
  if (record?.[name] === value) record[name] = hidden;
}

function hideInNodeRequest(request: KeptByNode, name: string, value: string): void {
  hideInRecord(request.sentHeaders, name, value);
  const line = `${name}: ${value}\r\n`;
  const shown = `${name}: ${hidden}\r\n`;
  if (typeof request._header !== "string") return;
  request._header = request._header.replace(line, shown);
  for (const unsent of request.outputData ?? []) {
    if (typeof unsent.data === "string") unsent.data = unsent.data.replace(line, shown);
  }
  outHeadersKey ??= symbolOf(request, "kOutHeaders");
  const entry = (request as { [key: symbol]: Record<string, string[]> | undefined })[outHeadersKey ?? unknown]?.[name];
  if (entry?.[1] === value) entry[1] = hidden;
}

function hideInSocket(socket: KeptByNode["socket"]): void {
  if (socket == null) return;
  // A connection that was not made keeps what was to be sent first.
  if (socket.destroyed && socket._pendingData) socket._pendingData = null;
  // A TLS connection keeps the options of the request that it was made for as long as it lives, and its agent keeps it for others.
  if (socket.encrypted !== true) return;
  connectOptionsKey ??= symbolOf(socket, "connect-options");
  const options = (socket as { [key: symbol]: { headers?: unknown } | undefined })[connectOptionsKey ?? unknown];
  // Only this connection's copy of the options loses them: follow-redirects may need the very same object for its next hop.
  if (options?.headers !== undefined) options.headers = undefined;
}

// Node keeps these two behind symbols that it does not export. They are the same for all requests and connections.
let outHeadersKey: symbol | undefined;
let connectOptionsKey: symbol | undefined;
const unknown = Symbol("unknown");

function symbolOf(holder: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(holder).find((symbol) => symbol.description === description);
}
