import { spawn } from "node:child_process";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { startLoopback } from "./loopback.ts";

/** An instance of a function of AWS Lambda: a process that is frozen whenever no call of it is under way. */
export interface LambdaInstance extends AsyncDisposable {
  /** Thaws it, gives it this event, and freezes it once it has answered. One call at a time, as Lambda does. */
  invoke(event: unknown): Promise<unknown>;
}

/** Takes events from Lambda's Runtime API and answers them, as a runtime does. `handler` is the path of a module. */
const runtime = (handler: string): string => `
  const { handler } = await import(${JSON.stringify(handler)});
  const api = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2018-06-01/runtime/invocation/";
  for (;;) {
    const next = await fetch(api + "next");
    const id = next.headers.get("lambda-runtime-aws-request-id");
    const answer = (what, value) => fetch(api + id + "/" + what, { method: "POST", body: JSON.stringify(value) });
    try {
      const given = await handler(await next.json());
      await answer("response", given);
    } catch (error) {
      await answer("error", { errorMessage: String(error) });
    }
  }
`;

/** https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, and the freezing of the execution environment's lifecycle. */
export async function startLambdaInstance(module: URL, env: Readonly<Record<string, string>>): Promise<LambdaInstance> {
  let waiting = Promise.withResolvers<ServerResponse>();
  let answered = Promise.withResolvers<unknown>();
  const api = await startLoopback(() => async (request, response) => {
    if (request.url?.endsWith("/invocation/next") === true) return waiting.resolve(response);
    answered.resolve(JSON.parse(await text(request)));
    response.writeHead(202).end();
  });
  const given = { ...env, AWS_LAMBDA_RUNTIME_API: new URL(api.origin).host, NODE_NO_WARNINGS: "1" };
  const child = spawn(process.execPath, ["--conditions=source", "--input-type=module", "--eval", runtime(fileURLToPath(module))], {
    env: given,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = once(child, "exit");
  const ready = (): Promise<ServerResponse> =>
    Promise.race([waiting.promise, ended.then(() => Promise.reject(new Error("The instance has ended.")))]);
  await ready();
  child.kill("SIGSTOP");
  return {
    async invoke(event) {
      child.kill("SIGCONT");
      const response = await ready();
      [waiting, answered] = [Promise.withResolvers(), Promise.withResolvers()];
      response.setHeader("lambda-runtime-aws-request-id", crypto.randomUUID()).end(JSON.stringify(event));
      const answer = await answered.promise;
      await ready();
      child.kill("SIGSTOP");
      return answer;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      await api.close();
    },
  };
}
