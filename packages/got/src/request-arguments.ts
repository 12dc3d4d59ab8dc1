import type { HeaderFields } from "@tokenflight/core";
import type { Headers, RequestFunction } from "got";

/** What got calls a request function with: (url, options, callback). Its cache calls it with (options, callback), the URL in the options. */
export type RequestArguments = Parameters<RequestFunction>;
export type RequestResult = ReturnType<RequestFunction>;

interface Target {
  readonly href: string;
  readonly headers: Headers;
}

export function isFromGotsCache([target]: RequestArguments): boolean {
  return !(target instanceof URL);
}

export function targetOf(args: RequestArguments): Target {
  const [{ href }, options] = args;
  const { headers } = (isFromGotsCache(args) ? args[0] : options) as unknown as Target;
  return { href, headers };
}

/** The same arguments with header fields on a copy of their own. */
export function withFields(args: RequestArguments, fields: HeaderFields): RequestArguments {
  const copy = [...args] as RequestArguments;
  const at = isFromGotsCache(args) ? 0 : 1;
  copy[at] = { ...args[at], headers: { ...targetOf(args).headers, ...fields } } as never;
  return copy;
}
