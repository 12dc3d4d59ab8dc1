/** Bodies up to this size are read to their end, which keeps the connection for the replay; a new one would cost about as much as that. */
const longestDrain = 262_144;
/** In milliseconds. A body that takes longer is not worth the wait. */
const longestWait = 1000;

/** Gets rid of a body that nobody will read, so that its connection is free again. Never rejects. */
export async function discardBody({ body, headers }: Response): Promise<void> {
  try {
    if (Number(headers.get("content-length")) > longestDrain) return await body?.cancel();
    const reader = body?.getReader();
    if (reader !== undefined) await drain(reader);
  } catch {
    // The response is thrown away in any case.
  }
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const giveUp = (): Promise<void> => reader.cancel().catch(() => {});
  const timer = setTimeout(giveUp, longestWait);
  try {
    for (let size = 0; size <= longestDrain;) {
      const { done, value } = await reader.read();
      if (done) return;
      size += value.byteLength;
    }
    await giveUp();
  } finally {
    clearTimeout(timer);
  }
}
