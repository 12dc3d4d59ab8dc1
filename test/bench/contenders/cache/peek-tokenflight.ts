import { cacheWith } from "../tokenflight.ts";
import { nowhere, type CacheContender } from "./cache-contender.ts";

export const peekTokenflight: CacheContender = {
  name: "tokenflight: peek()",
  role: "ours",
  async prepare(held) {
    const tokens = await cacheWith(held, nowhere);
    return (times) => {
      let found = 0;
      for (let time = 0; time < times; time += 1) {
        if (tokens.peek() !== undefined) found += 1;
      }
      return found;
    };
  },
};
