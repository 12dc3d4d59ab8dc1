/** The code of "authentication failed" in `{ statusCode, message, payload }`; 4 is a missing permission and 10 too many requests. */
const authenticationFailed = 3;
/** Bytes. An answer that refuses is far shorter. */
const longestRefusal = 4096;

/**
 * Whether Advanced Dialer refuses the token: it answers with a status code of its own in the body. For the adapters' option `refused`.
 * It takes a response of fetch, ky, axios or got; undici's has no body yet when it is asked, so that there only status 401 counts.
 */
export function advancedDialerRefused(response: unknown): boolean | Promise<boolean> {
  if (typeof response !== "object" || response === null) return false;
  const { status, statusCode, data, body, clone } = response as Record<string, unknown>;
  if (status === 401 || statusCode === 401) return true;
  if (typeof clone === "function") return readBeginning(response as Response).then(refuses);
  return refuses(data ?? body);
}

/** Returns the body, or undefined when it is longer or no JSON. The response itself stays unread. */
async function readBeginning(response: Response): Promise<string | undefined> {
  if (response.bodyUsed || !response.headers.get("content-type")?.includes("json")) return undefined;
  const reader = response.clone().body?.getReader();
  if (reader === undefined) return undefined;
  const decoder = new TextDecoder();
  let text = "";
  for (let size = 0; size <= longestRefusal;) {
    const { done, value } = await reader.read();
    if (done) return text;
    size += value.byteLength;
    text += decoder.decode(value, { stream: true });
  }
  // This is not awaited, because it ends only when the response itself has been read.
  reader.cancel().catch(() => {});
  return undefined;
}

function refuses(given: unknown): boolean {
  let body = given;
  if (body instanceof Uint8Array) body = body.byteLength > longestRefusal ? undefined : new TextDecoder().decode(body);
  if (typeof body === "string") {
    if (body.length > longestRefusal) return false;
    try {
      body = JSON.parse(body);
    } catch {
      return false;
    }
  }
  return typeof body === "object" && body !== null && (body as { statusCode?: unknown }).statusCode === authenticationFailed;
}
