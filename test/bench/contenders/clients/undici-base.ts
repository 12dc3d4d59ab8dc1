import { Agent, Dispatcher, request } from "undici";
import type { Send, Setting } from "./client-contender.ts";
import { connections } from "./connections.ts";
import { stubBody, stubHeaders } from "./stub-answer.ts";

/** Answers before it returns. */
class StubDispatcher extends Dispatcher {
  override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const controller = new StubController();
    handler.onRequestStart?.(controller, null);
    handler.onResponseStart?.(controller, 200, { ...stubHeaders }, "OK");
    handler.onResponseData?.(controller, Buffer.from(stubBody));
    handler.onResponseEnd?.(controller, {});
    return true;
  }
}

class StubController implements Dispatcher.DispatchController {
  readonly aborted = false;
  readonly paused = false;
  readonly reason = null;
  readonly rawHeaders = null;
  readonly rawTrailers = null;
  abort(): void {}
  pause(): void {}
  resume(): void {}
}

export function dispatcherOf({ inProcess }: Setting): Dispatcher {
  return inProcess ? new StubDispatcher() : new Agent({ connections: connections() });
}

export function sendWith(dispatcher: Dispatcher, origin: string, headers?: Record<string, string>): Send {
  return async (path, given) => {
    const sent = {
      ...(headers === undefined ? {} : { headers }),
      ...(given === undefined ? {} : { method: "POST", body: given }),
    } as const;
    const { statusCode, body } = await request(`${origin}${path}`, { dispatcher, ...sent });
    const answer = await body.json();
    if (statusCode !== 200) throw new Error(`The API answered ${statusCode}.`);
    return answer;
  };
}
