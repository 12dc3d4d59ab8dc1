import { AxiosHeaders, type AxiosResponse } from "axios";

/** Bodies up to this size are read to their end, which keeps the connection for the replay; a new one would cost about as much as that. */
const longestDrain = 262_144;
/** In milliseconds. A body that takes longer is not worth the wait. */
const longestWait = 1000;

/** Ends a response that nobody will read. Only a streamed body is still unread; axios has read every other one to its end. Never rejects. */
export async function discard({ data, headers }: AxiosResponse<unknown>): Promise<void> {
  const body = unreadBody(data);
  if (body === undefined) return;
  const stop = (): void => void Promise.resolve(body.stop()).catch(() => {});
  const timer = setTimeout(stop, longestWait);
  try {
    let size = Number(AxiosHeaders.from(headers as AxiosHeaders).get("content-length") ?? 0) > longestDrain ? Infinity : 0;
    while (size <= longestDrain) {
      const { done, value } = await body.next();
      if (done) return;
      size += value.length;
    }
    stop();
  } catch {
    // The response is thrown away in any case.
  } finally {
    clearTimeout(timer);
  }
}

interface UnreadBody {
  next(): Promise<IteratorResult<{ length: number }>>;
  stop(): unknown;
}

/** A Node stream or a web stream. */
function unreadBody(data: unknown): UnreadBody | undefined {
  if (data instanceof ReadableStream) {
    const reader = (data as ReadableStream<Uint8Array>).getReader();
    return { next: () => reader.read() as ReturnType<UnreadBody["next"]>, stop: () => reader.cancel() };
  }
  if (typeof data !== "object" || data === null || !("destroy" in data && Symbol.asyncIterator in data)) return undefined;
  const stream = data as AsyncIterable<{ length: number }> & { destroy(): void };
  const pieces = stream[Symbol.asyncIterator]();
  return { next: () => pieces.next(), stop: () => stream.destroy() };
}
