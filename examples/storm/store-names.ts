export const storeNames = ["memory", "sqlite", "redis"] as const;
export type StoreName = (typeof storeNames)[number];
