import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readJson } from "../clients/fetch-base.ts";
import type { HeldToken } from "../held-token.ts";
import { requestRefresh } from "../request-refresh.ts";
import type { ProcessContender } from "./process-contender.ts";

/** Written by hand: one refresh at a time in each process, which reads a file before it and replaces that file after it. */
export const processesFile: ProcessContender = {
  name: "textbook with a shared file",
  role: "peer",
  prepare: ({ folder, held }) => writeFile(join(folder, "tokens.json"), JSON.stringify(held)),
  async connect({ origin, tokenEndpoint, folder }) {
    const file = join(folder, "tokens.json");
    let refreshing: Promise<HeldToken> | undefined;
    const read = async (): Promise<HeldToken> => JSON.parse(await readFile(file, "utf8")) as HeldToken;
    const isOver = ({ expiresAt }: HeldToken): boolean => Date.now() >= expiresAt;
    let held = await read();
    const refresh = async (): Promise<HeldToken> => {
      const found = await read();
      if (!isOver(found)) return found;
      const renewed = await requestRefresh(tokenEndpoint, found.refreshToken);
      await writeFile(`${file}.${process.pid}`, JSON.stringify(renewed));
      await rename(`${file}.${process.pid}`, file);
      return renewed;
    };
    return async (path) => {
      if (isOver(held)) {
        refreshing ??= refresh();
        held = await refreshing;
      }
      return readJson(await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${held.accessToken}` } }));
    };
  },
};
