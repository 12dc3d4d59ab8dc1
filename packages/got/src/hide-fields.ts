import type { HeaderFields } from "@tokenflight/core";

/** Stands where the value of a header field was. */
const hidden = "[hidden]";

/** A client request of Node's, and what it keeps of the header that it has sent. */
interface ClientRequest {
  once?(event: string, listener: () => void): unknown;
  /** The header as it went over the wire. */
  _header?: string | null;
  /** What was not sent because there was no connection. */
  outputData?: { data: unknown }[];
  socket?: { destroyed: boolean; encrypted?: boolean; _pendingData?: unknown } | null;
}

/**
 * Takes header fields out of the client request once it was answered or has failed, because got's responses and errors lead to it. An
 * answer of another kind, from a `request` function of the caller's, has nothing to hide.
 */
export function hideOnceSent(result: unknown, fields: HeaderFields): void {
  if (result instanceof Promise) {
    result.then((settled: unknown) => hideOnceSent(settled, fields)).catch(() => {});
    return;
  }
  const request = result as ClientRequest | undefined;
  if (typeof request?.once !== "function" || !("_header" in request)) return;
  const hide = (): void => hideFields(request, fields);
  request.once("response", hide);
  request.once("error", hide);
  request.once("close", hide);
}

function hideFields(request: ClientRequest, fields: HeaderFields): void {
  for (const name of Object.keys(fields)) hideField(request, name, fields[name] as string);
  const { socket } = request;
  if (socket == null) return;
  // A connection that was not made keeps what was to be sent first.
  if (socket.destroyed && socket._pendingData) socket._pendingData = null;
  // A TLS connection keeps the options of the request that it was made for as long as it lives, and its agent keeps it for others.
  if (socket.encrypted !== true) return;
  connectOptionsKey ??= symbolOf(socket, "connect-options");
  const options = (socket as { [key: symbol]: { headers?: unknown } | undefined })[connectOptionsKey ?? unknown];
  if (options?.headers !== undefined) options.headers = undefined;
}

function hideField(request: ClientRequest, name: string, value: string): void {
  const line = `${name}: ${value}\r\n`;
  const shown = `${name}: ${hidden}\r\n`;
  if (typeof request._header === "string") request._header = request._header.replace(line, shown);
  for (const unsent of request.outputData ?? []) {
    if (typeof unsent.data === "string") unsent.data = unsent.data.replace(line, shown);
  }
  outHeadersKey ??= symbolOf(request, "kOutHeaders");
  const entry = (request as { [key: symbol]: Record<string, string[]> | undefined })[outHeadersKey ?? unknown]?.[name];
  if (entry?.[1] === value) entry[1] = hidden;
}

// Node keeps these two behind symbols that it does not export. They are the same for all requests and connections.
let outHeadersKey: symbol | undefined;
let connectOptionsKey: symbol | undefined;
const unknown = Symbol("unknown");

function symbolOf(holder: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(holder).find((symbol) => symbol.description === description);
}
