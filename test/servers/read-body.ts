import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface ReadBody {
  readonly bytes: Buffer;
  /** In hexadecimal. */
  readonly sha256: string;
  /** "cut": the client left before its end. "too-large": reading stopped at the limit. */
  readonly end: "whole" | "cut" | "too-large";
}

const noBody = received([], "whole");

/** Reads a request's body up to a limit in bytes. Never rejects. */
export function readBody(request: IncomingMessage, limit: number): ReadBody | Promise<ReadBody> {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === "0")) return noBody;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (end: ReadBody["end"]): void => resolve(received(chunks, end));
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.pause();
        request.removeAllListeners("data");
        finish("too-large");
      } else chunks.push(chunk);
    });
    request.on("end", () => finish("whole"));
    request.on("error", () => finish("cut"));
    request.on("close", () => finish("cut"));
  });
}

function received(chunks: readonly Buffer[], end: ReadBody["end"]): ReadBody {
  const bytes = Buffer.concat(chunks);
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex"), end };
}
