/** The store that several processes share. */
export type StoreSetting =
  | { readonly kind: "sqlite"; readonly path: string }
  | { readonly kind: "ioredis" | "node-redis"; readonly url: string };

/** What a process of a test is told when it starts: whose tokens it holds, and where they are kept and renewed. */
export interface MemberSetting {
  readonly store: StoreSetting;
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where its tokens come from. Default: a refresh token that works once. */
  readonly grant?: "client credentials";
  /** In seconds. Default: those of the library. */
  readonly timeouts?: { readonly request?: number; readonly store?: number };
}
