import { setImmediate as nextTurn } from "node:timers/promises";
import { clientNames, clientPackages, contendersOf, type ClientName } from "../contenders/clients/clients.ts";
import { stubGlobalFetch } from "../contenders/clients/fetch-base.ts";
import { freshToken } from "../contenders/held-token.ts";
import { race } from "../measure/race.ts";
import type { Sample } from "../measure/sample.ts";
import type { Effort, Scenario, Target } from "./scenario.ts";

/** After this many requests the event loop takes a turn, as it does for each request on a network: what clients leave behind is cleared then. */
const breath = 16;

/** In bytes. */
const bodies: Readonly<Record<string, number>> = { "without a body": 0, "1 kB": 1000, "1 MB": 1_000_000 };
const largest = "1 MB";

export const inProcess: Scenario = {
  name: "in-process",
  title: "A request, in process",
  about:
    "One GET after the other, or one POST with 1 kB or 1 MB of bytes, with a fresh token, answered where the client would hand it to the network: axios's adapter, got's `request` " +
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
      1.03,
      "the private copy of the config, which keeps the token out of the caller's, is what is left: its 17 fields and the headers. An adapter of the caller's, as the " +
        "one of this measurement, is given a copy of the body's bytes as well; axios's own are not",
    ),
    cpuOf(
      "got",
      1.1,
      "got has no transport to wrap. A handler, a hook and a function for each call, which got checks and clones each time, cost 3 to 6 % even when they do nothing else " +
        "(the bare contender). A hook that writes into the caller's options would be cheaper, and leaves the token in every error",
    ),
    cpuOf(
      "ky",
      1.03,
      "without a body it is met. ky makes a Request of the body, which can be sent once: it is cloned before it is sent, as long as a replay may come, and that is all of the difference",
    ),
    cpuOf("fetch", 1.03, "one copy of the caller's init and of its body's bytes, for a replay"),
    cpuOf(
      "undici",
      1.08,
      "half a microsecond: a handler of ours around the caller's, which holds back a refused response, and with a body its bytes once more, for a replay",
    ),
    cpuOf("ky", 1.1, "the body's bytes are copied by the clone of the Request and by fetch itself", largest),
    cpuOf(
      "fetch",
      1.1,
      'one copy more of 1 MB than fetch makes itself, into memory that is used again. With `replay: "never"` there is none',
      largest,
    ),
  ],
  packages: clientPackages,
  parts: () =>
    Object.entries(bodies).flatMap(([table, size]) =>
      clientsWith(size).map((client) => ({ table, group: client, run: (effort) => runWithStub(client, size, effort) })),
    ),
};

/** The others have no contender of ours. */
function clientsWith(size: number): readonly ClientName[] {
  return size === 0 ? clientNames : (["axios", "got", "ky", "fetch", "undici"] as const);
}

function cpuOf(client: string, most: number, reason?: string, only?: string): Target {
  const isMeant = (table: string): boolean => (only === undefined ? table !== largest : table === only);
  const what = `CPU of a request × static header${only === undefined ? "" : `, ${only}`}`;
  const applies = (table: string, group: string): boolean => group === client && isMeant(table);
  return { what, applies, measure: "cpu", compare: "ratio", decides: "median", most, ...(reason === undefined ? {} : { reason }) };
}

/** Microseconds for one request. */
async function runWithStub(client: ClientName, size: number, { rounds, quick }: Effort): Promise<Sample[]> {
  stubGlobalFetch();
  const all = await contendersOf(client);
  const contenders = size === 0 ? all : all.filter(({ role }) => role !== "peer");
  const body = size === 0 ? undefined : new Uint8Array(size);
  const setting = { origin: "http://127.0.0.1:9", tokenEndpoint: "http://127.0.0.1:9/token", inProcess: true };
  const racers = await Promise.all(
    contenders.map(async (contender) => {
      const send = await contender.connect({ ...setting, held: freshToken() });
      const repeat = async (times: number): Promise<void> => {
        for (let time = 1; time <= times; time += 1) {
          await send("/api", body);
          if (time % breath === 0) await nextTurn();
        }
      };
      return { name: contender.name, role: contender.role, repeat };
    }),
  );
  return race(racers, { rounds, turns: quick ? 5 : 25, turn: 8, leavesGarbage: true });
}
