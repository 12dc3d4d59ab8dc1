import { request as overHttp } from "node:http";
import type { HandlerFunction, RequestFunction } from "got";
import type { ClientContender } from "./client-contender.ts";
import { gotInstance, sendWith } from "./got-base.ts";

/** A `request` function and a hook for each call, and nothing else: no origin check, no replay, no cache of one's own, no look at errors. */
export const gotBareFunction: ClientContender = {
  name: "bare request function and hook",
  role: "reference",
  connect(setting) {
    const { accessToken, expiresAt } = setting.held;
    const put: HandlerFunction = (options, next) => {
      const inner = options.request ?? (overHttp as unknown as RequestFunction);
      options.hooks.beforeRequest = [...options.hooks.beforeRequest, () => {}];
      options.request = (url, native, callback) => {
        const authorization = Date.now() < expiresAt ? { authorization: `Bearer ${accessToken}` } : {};
        return inner(url, { ...native, headers: { ...native.headers, ...authorization } as never }, callback);
      };
      return next(options);
    };
    return sendWith(gotInstance(setting).extend({ handlers: [put] }), setting.origin);
  },
};
