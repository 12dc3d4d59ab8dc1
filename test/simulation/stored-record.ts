import type { SimServer } from "./sim-server.ts";

/** What the simulation reads in an entry of the store. */
export interface StoredRecord {
  readonly generation: number;
  readonly tokens?: { readonly access_token: string; readonly refresh_token?: string; readonly expires_at?: number };
  readonly intent?: { readonly owner: string; readonly deadline: number; readonly unresolved?: boolean };
  readonly pause?: { readonly duration: number; readonly begun: number };
  readonly loginRequired?: object;
  /** It is no record of this version: what a login may replace, and what nobody may. */
  readonly foreign?: "rubbish" | "newer format";
}

export const nothing: StoredRecord = { generation: 0 };
/** What an operator's mistake, and a newer version of the package, leave in an entry. */
export const foreignValues = { rubbish: "{", "newer format": JSON.stringify({ format: 2, generation: 7 }) } as const;

/** Milliseconds for which a logged-out record has to stay at least: it stops whoever writes late. */
const longEnough = 29 * 24 * 60 * 60 * 1000;

/** What is wrong with one change of a record. `counts`: generations go up one by one. */
export function* brokenRules(
  subject: string,
  before: StoredRecord,
  after: StoredRecord,
  server: SimServer,
  { counts, ttl }: { counts: boolean; ttl: number | undefined },
): Generator<string> {
  const token = after.tokens?.access_token;
  if (token !== undefined && server.sessionOf(token)?.subject !== subject) yield `The entry of ${subject} got somebody else's tokens`;
  const step = after.generation - before.generation;
  // After the store has lost everything, and with a source that goes on without the store, a record may come back that is newer by more.
  if (counts && step !== 0 && step !== 1) yield `The generation of ${subject} went up by ${step}`;
  if (counts && step === 0 && token !== before.tokens?.access_token) yield `The tokens of ${subject} changed without their generation`;
  const refreshToken = after.tokens?.refresh_token;
  const isNews = after.loginRequired !== undefined && before.loginRequired === undefined;
  if (isNews && refreshToken !== undefined && !server.isOver(refreshToken)) yield `${subject} needs a login although the session lives`;
  if (before.foreign === "newer format") yield `The entry of ${subject} was of a newer format and was overwritten`;
  if (before.foreign === "rubbish" && after.intent !== undefined)
    yield `A refresh of ${subject} was written over an entry that nobody can read`;
  if (ttl !== undefined && refreshToken !== undefined) yield `The entry of ${subject} has a refresh token and may be removed`;
  if (ttl !== undefined && after.tokens === undefined && ttl < longEnough) yield `The logout of ${subject} may be removed too early`;
}

/** In a trace. */
export function describeRecord({ generation, tokens, intent, pause, loginRequired, foreign }: StoredRecord): string {
  const parts = [
    foreign ?? `generation ${generation}`,
    tokens?.access_token,
    intent === undefined ? undefined : `intent ${intent.owner.slice(0, 8)}${intent.unresolved === true ? " unresolved" : ""}`,
    pause === undefined ? undefined : `pause ${pause.duration.toFixed(0)}`,
    loginRequired === undefined ? undefined : "login required",
  ];
  return `(${parts.filter((part) => part !== undefined).join(", ")})`;
}
