/** The contract as a page: the test calls it with the setting. */
import { runAll } from "./contract.ts";
import { overAxios, portableWays } from "./portable-ways.ts";

export const pageWays = { ...portableWays, "axios, xhr": { attach: overAxios("xhr") } };

Object.assign(globalThis, { contract: (setting: Parameters<typeof runAll>[1]) => runAll(pageWays, setting) });
