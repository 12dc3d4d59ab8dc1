import { AxiosHeaders, type AxiosResponse } from "axios";

/** Bodies up to this size are read to their end, which keeps the connection; longer ones are cancelled, which closes it. */
const longestDrain = 65_536;

/** Ends a response that nobody will read. Only a streamed body is still unread; axios has read every other one to its end. */
export async function discard({ data, headers }: AxiosResponse<unknown>): Promise<void> {
  const isShort = Number(AxiosHeaders.from(headers as AxiosHeaders).get("content-length") ?? Number.NaN) <= longestDrain;
  if (data instanceof ReadableStream) {
    // What is thrown away may fail as it likes.
    await (isShort ? new Response(data).arrayBuffer() : data.cancel()).catch(() => {});
  } else if (isNodeStream(data)) {
    const closed = new Promise((resolve) => data.once("close", resolve).once("error", resolve));
    if (isShort) data.resume();
    else data.destroy();
    await closed;
  }
}

interface NodeStream {
  once(event: "close" | "error", listener: (value?: unknown) => void): this;
  resume(): void;
  destroy(): void;
}

function isNodeStream(data: unknown): data is NodeStream {
  return typeof data === "object" && data !== null && "pipe" in data && "destroy" in data;
}
