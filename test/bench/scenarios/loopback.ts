import { clientNames, clientPackages, contendersOf } from "../contenders/clients/clients.ts";
import { limitConnections } from "../contenders/clients/connections.ts";
import { freshToken } from "../contenders/held-token.ts";
import { race } from "../measure/race.ts";
import type { Sample } from "../measure/sample.ts";
import { startRemoteServer } from "../server/remote-server.ts";
import type { Effort, Scenario } from "./scenario.ts";

/** How many requests are under way at one time. */
const abreast = 16;

export const loopback: Scenario = {
  name: "loopback",
  title: "A request, on loopback",
  about:
    `GET requests with a fresh token to a server in another process of the same machine, ${abreast} at a time over connections that are kept. Processor ` +
    "time is that of the client's process alone. The floor is the same client with the header in its defaults.",
  rounds: 6,
  processes: 2,
  columns: [
    { title: "CPU, µs", measure: "cpu", show: "value", digits: 0 },
    { title: "CPU × static", measure: "cpu", show: "ratio", digits: 3 },
    { title: "wall × static", measure: "wall", show: "ratio", digits: 3 },
  ],
  targets: [],
  packages: clientPackages,
  parts: () => clientNames.map((client) => ({ table: "", group: client, run: async (effort) => run(await contendersOf(client), effort) })),
};

/** Microseconds for one request. */
async function run(contenders: Awaited<ReturnType<typeof contendersOf>>, { rounds, quick }: Effort): Promise<Sample[]> {
  limitConnections();
  await using server = await startRemoteServer();
  const { origin, tokenEndpoint } = server;
  const held = freshToken();
  await server.reset({ lifetime: 3600, tokenDelay: 0, rotate: false, accepts: [held.accessToken] });
  const racers = await Promise.all(
    contenders.map(async ({ name, role, connect }) => {
      const send = await connect({ origin, tokenEndpoint, held, inProcess: false });
      return { name, role, repeat: (times: number) => sendAbreast(send, times) };
    }),
  );
  // Awaited here, because the server ends with this function.
  return await race(racers, { rounds, turns: quick ? 3 : 10, turn: 30, leavesGarbage: true });
}

async function sendAbreast(send: (path: string) => Promise<unknown>, times: number): Promise<void> {
  let left = times;
  const one = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await send("/api");
    }
  };
  await Promise.all(Array.from({ length: abreast }, one));
}
