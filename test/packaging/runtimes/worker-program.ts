/** The contract as a worker: a request gives it the setting, and gets the results. */
import { runAll } from "./contract.ts";
import { portableWays } from "./portable-ways.ts";

export default {
  async fetch(request: Request): Promise<Response> {
    const setting = (await request.json()) as { origin: string; foreign: string };
    return Response.json(await runAll(portableWays, setting));
  },
};
