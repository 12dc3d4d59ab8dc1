import type { SimServer } from "./sim-server.ts";

/** What the simulation reads in an entry of the store. */
export interface StoredRecord {
  readonly generation: number;
  readonly tokens?: { readonly access_token: string; readonly refresh_token?: string };
  readonly intent?: { readonly owner: string; readonly deadline: number; readonly unresolved?: boolean };
  readonly pause?: { readonly duration: number; readonly begun: number };
  readonly loginRequired?: object;
}

/** What is wrong with one change of a record. `counts`: generations go up one by one. */
export function* brokenRules(
  subject: string,
  before: StoredRecord,
  after: StoredRecord,
  server: SimServer,
  { counts }: { counts: boolean },
): Generator<string> {
  const token = after.tokens?.access_token;
  if (token !== undefined && server.subjects.get(token) !== subject) yield `The entry of ${subject} got somebody else's tokens`;
  const step = after.generation - before.generation;
  // After the store has lost everything, and with a source that goes on without the store, a record may come back that is newer by more.
  if (counts && step !== 0 && step !== 1) yield `The generation of ${subject} went up by ${step}`;
  if (counts && step === 0 && token !== before.tokens?.access_token) yield `The tokens of ${subject} changed without their generation`;
  const refreshToken = after.tokens?.refresh_token;
  const isNews = after.loginRequired !== undefined && before.loginRequired === undefined;
  if (isNews && refreshToken !== undefined && !server.isOver(refreshToken)) yield `${subject} needs a login although the session lives`;
}

/** In a trace. */
export function describeRecord({ generation, tokens, intent, pause, loginRequired }: StoredRecord): string {
  const parts = [
    `generation ${generation}`,
    tokens?.access_token,
    intent === undefined ? undefined : `intent ${intent.owner.slice(0, 8)}${intent.unresolved === true ? " unresolved" : ""}`,
    pause === undefined ? undefined : `pause ${pause.duration.toFixed(0)}`,
    loginRequired === undefined ? undefined : "login required",
  ];
  return `(${parts.filter((part) => part !== undefined).join(", ")})`;
}
