/** The contract as a route of Next.js that runs in Node. */
import { runAll, type ContractSetting } from "./contract.ts";
import { serverWays, type Stores } from "./server-ways.ts";

export async function POST(request: Request): Promise<Response> {
  const { file, redis, ...setting } = (await request.json()) as ContractSetting & Stores;
  return Response.json(await runAll(serverWays({ file, redis }), setting));
}
