/** A process with the libraries of others: each refreshes with the fetch of this process, with `refreshOnce` around it or bare. */
import { registerHooks } from "node:module";
import { refreshOnce } from "@tokenflight/refresh-once";
import { openStore } from "../processes/open-store.ts";
import { readSetting, serveCommands } from "../processes/serve-commands.ts";
import type { LibraryCommands, LibrarySetting } from "./library-commands.ts";
import { libraries, type Refreshed } from "./libraries.ts";

// With `--conditions=source`, a package of others that names its own sources so would be run from them, which Node refuses.
registerHooks({
  resolve(specifier, context, nextResolve) {
    const isOurs = !specifier.startsWith("eventsource");
    return nextResolve(specifier, isOurs ? context : { ...context, conditions: context.conditions.filter((one) => one !== "source") });
  },
});

const { store, issuer, tokenEndpoint, folder } = readSetting<LibrarySetting>();
const once = refreshOnce({ store: await openStore(store), timeouts: { store: 10 } })(fetch);
let files = 0;

serveCommands({
  async refresh(name, refreshToken, isOnce, callers) {
    const library = libraries.find((one) => one.name === name);
    if (library === undefined) throw new Error(`There is no library ${name}.`);
    const one = async (): Promise<Refreshed | string> => {
      files += 1;
      const file = `${folder}/${process.pid}-${files}.json`;
      try {
        return await library.refresh({ issuer, tokenEndpoint, refreshToken, fetch: isOnce ? once : fetch, file });
      } catch (error) {
        return String(error);
      }
    };
    return Promise.all(Array.from({ length: callers }, one));
  },
} satisfies LibraryCommands);
