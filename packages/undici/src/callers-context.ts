import { AsyncResource } from "node:async_hooks";
import type { Dispatcher } from "undici";

/**
 * The same handler, called in the asynchronous context of now. undici calls handlers in the context of whoever opened the connection: an
 * interceptor that sends a request again from there, such as redirect and retry, would have the token cache of that user selected.
 */
export function inCallersContext(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  const context = new AsyncResource("TOKENFLIGHT");
  return new Proxy(handler, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function"
        ? (...given: unknown[]): unknown => context.runInAsyncScope(() => Reflect.apply(member, target, given) as unknown)
        : member;
    },
  });
}
