import { setImmediate as nextTurn } from "node:timers/promises";
import { clientNames, clientPackages, contendersOf } from "../contenders/clients/clients.ts";
import { freshToken } from "../contenders/held-token.ts";
import { race } from "../measure/race.ts";
import type { Sample } from "../measure/sample.ts";
import type { Effort, Scenario, Target } from "./scenario.ts";

/** After this many requests the event loop takes a turn, as it does for each request on a network: what clients leave behind is cleared then. */
const breath = 16;

export const inProcess: Scenario = {
  name: "in-process",
  title: "A request, in process",
  about:
    "One GET after the other with a fresh token, answered where the client would hand it to the network: axios's adapter, got's `request` " +
    "function, a `fetch` that makes a `Request` of its arguments and answers with a `Response`, undici's dispatcher. The floor is the same client with the " +
    "header in its defaults. What is left is what the client does itself, so that every microsecond of ours shows.",
  rounds: 8,
  processes: 3,
  columns: [
    { title: "CPU, µs", measure: "cpu", show: "value", digits: 1 },
    { title: "CPU × static", measure: "cpu", show: "ratio", digits: 3 },
    { title: "wall × static", measure: "wall", show: "ratio", digits: 3 },
  ],
  targets: [
    cpuOf(
      "axios",
      1.05,
      "the private copy of the config, which keeps the token out of the caller's, costs 7 % (6 % its 17 fields, 1 % the headers); all the rest of ours costs less than axios saves by not merging a default header",
    ),
    cpuOf(
      "got",
      1.05,
      "got has no transport to wrap. A handler, a hook and a function for each call, which got checks and clones each time, cost 3 to 6 % even when they do nothing else " +
        "(the bare contender). As parts were put in one by one, twice: whose origin and credentials an attempt has, looked at anew for each redirect and retry, 4 to 5 %; standing in " +
        "for the caller's `request` function until got has called it, 1 to 7 %; a copy of options and headers that only the wire sees, and the look at the answer, 3 to 6 %. " +
        "A hook that writes into the caller's options would be cheaper, and leaves the token in every error",
    ),
    cpuOf("ky", 1.05),
    cpuOf("fetch", 1.1),
  ],
  packages: clientPackages,
  parts: () => clientNames.map((client) => ({ table: "", group: client, run: async (effort) => run(await contendersOf(client), effort) })),
};

function cpuOf(client: string, most: number, reason?: string): Target {
  const what = "CPU of a request × static header";
  const applies = (_table: string, group: string): boolean => group === client;
  return { what, applies, measure: "cpu", compare: "ratio", decides: "median", most, ...(reason === undefined ? {} : { reason }) };
}

/** Microseconds for one request. */
async function run(contenders: Awaited<ReturnType<typeof contendersOf>>, { rounds, quick }: Effort): Promise<Sample[]> {
  const setting = { origin: "http://127.0.0.1:9", tokenEndpoint: "http://127.0.0.1:9/token", inProcess: true };
  const racers = await Promise.all(
    contenders.map(async (contender) => {
      const send = await contender.connect({ ...setting, held: freshToken() });
      const repeat = async (times: number): Promise<void> => {
        for (let time = 1; time <= times; time += 1) {
          await send("/api");
          if (time % breath === 0) await nextTurn();
        }
      };
      return { name: contender.name, role: contender.role, repeat };
    }),
  );
  return race(racers, { rounds, turns: quick ? 5 : 25, turn: 8, leavesGarbage: true });
}
