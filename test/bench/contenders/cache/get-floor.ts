import type { CacheContender } from "./cache-contender.ts";

export const getFloor: CacheContender = {
  name: "an async function with the same read",
  role: "floor",
  prepare(held) {
    const holder = { held };
    const get = async (): Promise<string> => {
      const { accessToken, expiresAt } = holder.held;
      if (Date.now() < expiresAt) return accessToken;
      throw new Error("The token is over.");
    };
    return async (times) => {
      let found = 0;
      for (let time = 0; time < times; time += 1) {
        if ((await get()) !== undefined) found += 1;
      }
      return found;
    };
  },
};
