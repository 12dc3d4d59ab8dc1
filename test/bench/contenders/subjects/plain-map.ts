import type { SubjectContender } from "./subject-contender.ts";

export const plainMap: SubjectContender = {
  name: "a plain Map",
  role: "floor",
  async hold(count, keyOf, tokenOf) {
    const held = new Map<string, { accessToken: string; refreshToken: string; expiresAt: number }>();
    for (let index = 0; index < count; index += 1) {
      const { accessToken, refreshToken, expiresAt } = tokenOf(index);
      held.set(keyOf(index), { accessToken, refreshToken, expiresAt });
    }
    return {
      readAll(keys) {
        let found = 0;
        for (const key of keys) {
          const token = held.get(key);
          if (token !== undefined && Date.now() < token.expiresAt) found += 1;
        }
        return found;
      },
    };
  },
};
