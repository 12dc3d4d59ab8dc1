import type { HeaderFields } from "@tokenflight/core";

/** Stands where the value of a header field was. */
const hidden = "[hidden]";

/** A client request of Node's or of got's for HTTP/2, and what it keeps of the header that it has sent. */
interface ClientRequest {
  once?(event: string, listener: (response: { statusCode?: number }) => void): unknown;
  /** The header as it went over the wire. */
  _header?: string | null;
  /** What was not sent because there was no connection. */
  outputData?: { data: unknown }[];
  socket?: { destroyed: boolean; _pendingData?: unknown } | null;
  /** What got's HTTP/2 client was to send, and what Node's has sent. */
  headers?: Record<string, unknown>;
  stream?: { sentHeaders?: Record<string, unknown> };
}

/** What a request carries of ours, and who wants to know of its answer. */
export interface SentRequest {
  readonly fields: HeaderFields;
  /** The headers that it was sent with. Node's connections keep them for as long as they live. */
  readonly headers: Record<string, unknown>;
  /** The caller's: got rejects with it before the client request has noticed. */
  readonly signal: AbortSignal | undefined;
  /** Told before anybody else; without a status when there is no client request to ask. */
  readonly answered: (status: number | undefined) => void;
}

/**
 * Takes header fields out of the client request once it was answered or has failed, because got's responses and errors lead to it. An
 * answer of another kind, from a `request` function of the caller's, has nothing to hide.
 */
export function hideOnceSent(result: unknown, sent: SentRequest): void {
  if (result instanceof Promise) {
    result.then((settled: unknown) => hideOnceSent(settled, sent)).catch(() => {});
    return;
  }
  const { fields, headers, signal, answered } = sent;
  const request = result as (ClientRequest & { statusCode?: number }) | undefined;
  // What is a response already tells its status itself.
  if (typeof request?.once !== "function" || "statusCode" in request) return answered(request?.statusCode);
  let isAnswered = false;
  const hide = (): void => {
    if (isAnswered) return;
    signal?.removeEventListener("abort", hide);
    for (const name of Object.keys(fields)) {
      const value = fields[name] as string;
      hideInRecord(headers, name, value);
      hideInRecord(request.headers, name, value);
      hideInRecord(request.stream?.sentHeaders, name, value);
      hideInHeader(request, name, value);
    }
    // A connection that was not made keeps what was to be sent first.
    if (request.socket?.destroyed && request.socket._pendingData) request.socket._pendingData = null;
  };
  signal?.addEventListener("abort", hide);
  request.once("error", hide);
  request.once("response", ({ statusCode }) => {
    hide();
    isAnswered = true;
    answered(statusCode);
  });
}

function hideInRecord(record: Record<string, unknown> | undefined, name: string, value: string): void {
  if (record?.[name] === value) record[name] = hidden;
}

function hideInHeader(request: ClientRequest, name: string, value: string): void {
  if (typeof request._header === "string") request._header = masked(request._header, name, value);
  for (const unsent of request.outputData ?? []) {
    if (typeof unsent.data === "string") unsent.data = masked(unsent.data, name, value);
  }
  outHeadersKey ??= Object.getOwnPropertySymbols(request).find(({ description }) => description === "kOutHeaders");
  if (outHeadersKey === undefined) return;
  const entry = (request as { [key: symbol]: Record<string, string[]> | undefined })[outHeadersKey]?.[name];
  if (entry?.[1] === value) entry[1] = hidden;
}

/** Looks for the name, which is short: to search for a whole token takes several times as long. */
function masked(header: string, name: string, value: string): string {
  const line = header.indexOf(`\r\n${name}: `);
  const start = line + name.length + 4;
  if (line === -1 || !header.startsWith(value, start)) return header;
  return header.slice(0, start) + hidden + header.slice(start + value.length);
}

// Node keeps the header field by field behind a symbol that it does not export. It is the same for all requests.
let outHeadersKey: symbol | undefined;
