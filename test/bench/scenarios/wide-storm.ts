import { clientNames, clientPackages, contendersOf } from "../contenders/clients/clients.ts";
import type { Scenario } from "./scenario.ts";
import { runStorms, titles, tokenDelay, type Trouble } from "./storm.ts";

const crowd = 10_000;
const connections = 256;
const troubles: readonly Trouble[] = ["refused", "expired"];

/** The way in which others measure it: more connections, several rounds in one process, and every peer in every one of them. */
export const wideStorm: Scenario = {
  name: "wide-storm",
  title: "Refresh storm through 256 connections",
  about:
    `${crowd.toLocaleString("en")} GETs that are started in one tick, over ${connections} connections to a server in another process; a token request takes ${tokenDelay} ms there. ` +
    "Where the server refuses the token, each is sent twice, so that 2 × is what nobody can do without. The floor is the same load with a token that is good. " +
    "Several rounds in each process, one after the other with each contender, as a server meets its storms: warm.",
  rounds: 5,
  processes: 3,
  columns: [
    { title: "token requests", measure: "tokenRequests", show: "count", digits: 0 },
    { title: "refused", measure: "refused", show: "count", digits: 0 },
    { title: "failures", measure: "failures", show: "count", digits: 0 },
    { title: "wall, ms", measure: "wall", show: "value", digits: 0 },
    { title: "wall × static", measure: "wall", show: "ratio", digits: 2 },
    { title: "CPU × static", measure: "cpu", show: "ratio", digits: 2 },
  ],
  targets: troubles.flatMap((trouble) => {
    const storms = `storm through ${connections} connections, ${titles[trouble]}`;
    const applies = (table: string): boolean => table === titles[trouble];
    return [
      { what: `${storms}: token requests`, applies, measure: "tokenRequests", compare: "value", decides: "largest", most: 1 } as const,
      { what: `${storms}: failures`, applies, measure: "failures", compare: "value", decides: "largest", most: 0 } as const,
      {
        what: `${storms}: wall × static`,
        applies,
        measure: "wall",
        compare: "ratio",
        decides: "median",
        most: trouble === "expired" ? 1.15 : 2.1,
      } as const,
    ];
  }),
  packages: clientPackages,
  parts: ({ quick }) =>
    troubles.flatMap((trouble) =>
      clientNames.map((client) => ({
        table: titles[trouble],
        group: client,
        run: async (effort) => runStorms(await contendersOf(client), { crowd: quick ? 1000 : crowd, trouble, connections }, effort),
      })),
    ),
};
