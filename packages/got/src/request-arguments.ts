import type { Headers, NormalizedOptions, RequestFunction } from "got";

/** What got calls a request function with: (url, options, callback). Its cache calls it with (options, callback), the URL in options. */
export type RequestArguments = Parameters<RequestFunction>;
export type RequestResult = ReturnType<RequestFunction>;

interface Target {
  readonly href: string;
  readonly headers: Headers;
}

function isFromGotsCache([target]: RequestArguments): boolean {
  return !(target instanceof URL);
}

export function targetOf(args: RequestArguments): Target {
  const [{ href }, options] = args;
  const { headers } = (isFromGotsCache(args) ? args[0] : options) as unknown as Target;
  return { href, headers };
}

/** The same arguments with other headers. */
export function withHeaders(args: RequestArguments, headers: Headers, options: NormalizedOptions): RequestArguments {
  const copy = [...args] as RequestArguments;
  if (isFromGotsCache(args)) copy[0] = { ...(args[0] as object), headers } as never;
  // What only got's HTTP/2 client understands is not in what got hands to other functions.
  else if (options.http2) copy[1] = { ...options.createNativeRequestOptions(), headers } as never;
  else copy[1] = { ...args[1], headers };
  return copy;
}
