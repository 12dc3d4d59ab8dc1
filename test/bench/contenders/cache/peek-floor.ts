import type { CacheContender } from "./cache-contender.ts";

export const peekFloor: CacheContender = {
  name: "a property read + Date.now()",
  role: "floor",
  prepare(held) {
    const holder = { held };
    return (times) => {
      let found = 0;
      for (let time = 0; time < times; time += 1) {
        const { accessToken, expiresAt } = holder.held;
        if ((Date.now() < expiresAt ? accessToken : undefined) !== undefined) found += 1;
      }
      return found;
    };
  },
};
