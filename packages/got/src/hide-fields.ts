import type { HeaderFields } from "@tokenflight/core";

/** Stands where the value of a header field was. */
const hidden = "[hidden]";

/** A client request of Node's or of got's for HTTP/2, and what it keeps of the header that it has sent. */
interface ClientRequest {
  once?(event: string, listener: () => void): unknown;
  /** The header as it went over the wire. */
  _header?: string | null;
  /** What was not sent because there was no connection. */
  outputData?: { data: unknown }[];
  socket?: { destroyed: boolean; _pendingData?: unknown } | null;
  /** What got's HTTP/2 client was to send, and what Node's has sent. */
  headers?: Record<string, unknown>;
  stream?: { sentHeaders?: Record<string, unknown> };
}

/** A request that carries header fields of ours. */
export interface SentRequest {
  /** What the function that sends it has returned. */
  readonly result: unknown;
  readonly fields: HeaderFields;
  /** The headers that it was sent with. Node's connections keep them for as long as they live. */
  readonly headers: Record<string, unknown>;
  /** The caller's: got rejects with it before the client request has noticed. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Takes header fields out of the client request once it was answered or has failed, because got's responses and errors lead to it. An
 * answer of another kind, from a `request` function of the caller's, has nothing to hide.
 */
export function hideOnceSent({ result, ...sent }: SentRequest): void {
  if (result instanceof Promise) {
    result.then((settled: unknown) => hideOnceSent({ result: settled, ...sent })).catch(() => {});
    return;
  }
  const { fields, headers, signal } = sent;
  const request = result as ClientRequest | undefined;
  if (typeof request?.once !== "function") return;
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
  request.once("close", hide);
  request.once("response", () => {
    hide();
    isAnswered = true;
  });
}

function hideInRecord(record: Record<string, unknown> | undefined, name: string, value: string): void {
  if (record?.[name] === value) record[name] = hidden;
}

function hideInHeader(request: ClientRequest, name: string, value: string): void {
  const line = `${name}: ${value}\r\n`;
  const shown = `${name}: ${hidden}\r\n`;
  if (typeof request._header === "string") request._header = request._header.replace(line, shown);
  for (const unsent of request.outputData ?? []) {
    if (typeof unsent.data === "string") unsent.data = unsent.data.replace(line, shown);
  }
  outHeadersKey ??= Object.getOwnPropertySymbols(request).find(({ description }) => description === "kOutHeaders");
  if (outHeadersKey === undefined) return;
  const entry = (request as { [key: symbol]: Record<string, string[]> | undefined })[outHeadersKey]?.[name];
  if (entry?.[1] === value) entry[1] = hidden;
}

// Node keeps the header field by field behind a symbol that it does not export. It is the same for all requests.
let outHeadersKey: symbol | undefined;
