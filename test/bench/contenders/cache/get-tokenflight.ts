import { cacheWith } from "../tokenflight.ts";
import { nowhere, type CacheContender } from "./cache-contender.ts";

export const getTokenflight: CacheContender = {
  name: "tokenflight: await get()",
  role: "ours",
  async prepare(held) {
    const tokens = await cacheWith(held, nowhere);
    return async (times) => {
      let found = 0;
      for (let time = 0; time < times; time += 1) {
        if ((await tokens.get()) !== undefined) found += 1;
      }
      return found;
    };
  },
};
