import type { SimServer } from "./sim-server.ts";

interface StoredTokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  /** Seconds since the UNIX epoch. */
  readonly expires_at?: number;
}

interface StoredPurpose {
  readonly tokens?: StoredTokens;
  readonly pause?: { readonly duration: number; readonly begun: number; readonly outcome?: string };
  readonly loginRequired?: { readonly error?: string };
}

/** What the simulation reads in an entry of the store. */
export interface StoredRecord extends StoredPurpose {
  readonly lineage?: string;
  readonly generation: number;
  readonly intent?: { readonly owner: string; readonly deadline: number; readonly unresolved?: boolean };
  /** What its tokens, pause and end are of. */
  readonly purpose?: string;
  /** The same of the login's other purposes. The refresh token is one. */
  readonly others?: Readonly<Record<string, StoredPurpose>>;
  readonly seed?: string;
  /** It is no record of this version: what a login may replace, and what nobody may. */
  readonly foreign?: "rubbish" | "newer format";
}

export const nothing: StoredRecord = { generation: 0 };
/** What an operator's mistake, and a newer version of the package, leave in an entry. */
export const foreignValues = { rubbish: "{", "newer format": JSON.stringify({ format: 3, generation: 7 }) } as const;

/** Milliseconds for which a logged-out record has to stay at least: it stops whoever writes late. */
const longEnough = 29 * 24 * 60 * 60 * 1000;

/** Whether this says that a purpose is over, and nothing of the login. */
function isOfOnePurpose(loginRequired: StoredPurpose["loginRequired"]): boolean {
  return loginRequired?.error === "interaction_required";
}

/** The same record, as a token cache with this purpose has to take it. */
export function seenFor(record: StoredRecord, purpose: string): StoredRecord {
  const { tokens, pause, loginRequired, others = {}, ...login } = record;
  if ((record.purpose ?? "") === purpose || tokens === undefined) return record;
  const own = others[purpose] ?? {};
  const token: StoredTokens = { access_token: "", ...own.tokens, ...(tokens.refresh_token && { refresh_token: tokens.refresh_token }) };
  const ownPause = pause === undefined || pause.outcome === "refused" ? own.pause : pause;
  const ownEnd = loginRequired === undefined || isOfOnePurpose(loginRequired) ? own.loginRequired : loginRequired;
  return { ...login, purpose, tokens: token, ...(ownPause && { pause: ownPause }), ...(ownEnd && { loginRequired: ownEnd }) };
}

/** The tokens of each purpose. */
export function tokensOf({ purpose = "", tokens, others = {} }: StoredRecord): Map<string, StoredTokens> {
  const all = [[purpose, tokens] as const, ...Object.entries(others).map(([name, other]) => [name, other.tokens] as const)];
  return new Map(all.flatMap(([name, each]) => (each === undefined || each.access_token === "" ? [] : [[name, each] as const])));
}

/** Whether only a login helps: for all purposes, or for one, and no other one has ever got a token. */
export function isOver(record: StoredRecord): boolean {
  const { purpose = "", tokens, loginRequired, others = {} } = record;
  if (tokens === undefined || (loginRequired !== undefined && !isOfOnePurpose(loginRequired))) return true;
  const purposes = Object.entries({ ...others, [purpose]: { loginRequired } });
  const ended = purposes.filter(([, each]) => isOfOnePurpose(each.loginRequired)).map(([name]) => name);
  return ended.length > 0 && [...tokensOf(record).keys()].every((name) => ended.includes(name));
}

interface Circumstances {
  /** Generations go up one by one. */
  readonly counts: boolean;
  readonly ttl: number | undefined;
  /** Every access token that the entry has held so far. */
  readonly known: ReadonlySet<string>;
}

/** What is wrong with one change of a record. `before` is as it is for the purpose of `after`. */
export function* brokenRules(
  subject: string,
  before: StoredRecord,
  after: StoredRecord,
  server: SimServer,
  { counts, ttl, known }: Circumstances,
): Generator<string> {
  const { purpose = "", tokens, loginRequired } = after;
  const [token, refreshToken] = [tokens?.access_token, tokens?.refresh_token];
  for (const [name, { access_token: each }] of tokensOf(after)) {
    if (server.sessionOf(each)?.subject !== subject) yield `The entry of ${subject} got somebody else's tokens`;
    if (server.purposeOf(each) !== name) yield `The entry of ${subject} got a token of another purpose`;
  }
  if (refreshToken !== undefined && server.sessionOfRefreshToken(refreshToken)?.subject !== subject)
    yield `The entry of ${subject} got somebody else's refresh token`;
  const step = after.generation - before.generation;
  // After the store has lost everything, and with a source that goes on without the store, a record may come back that is newer by more.
  if (counts && step !== 0 && step !== 1) yield `The generation of ${subject} went up by ${step}`;
  // A token that left the entry, for want of room or by another clock, is put back by whoever holds it still.
  const isBack = before.tokens?.access_token === "" && known.has(token ?? "");
  const isOther = !isBack && token !== before.tokens?.access_token;
  if (counts && step === 0 && (isOther || refreshToken !== before.tokens?.refresh_token))
    yield `The tokens of ${subject} changed without their generation`;
  const isNews = loginRequired !== undefined && before.loginRequired === undefined;
  const isRefused = isOfOnePurpose(loginRequired) && server.hasRefused(subject, purpose, "interaction_required");
  if (isNews && refreshToken !== undefined && !server.isOver(refreshToken) && !isRefused)
    yield `${subject} needs a login although the session lives`;
  if (before.foreign === "newer format") yield `The entry of ${subject} was of a newer format and was overwritten`;
  if (before.foreign === "rubbish" && after.intent !== undefined)
    yield `A refresh of ${subject} was written over an entry that nobody can read`;
  if (ttl !== undefined && refreshToken !== undefined) yield `The entry of ${subject} has a refresh token and may be removed`;
  if (ttl !== undefined && after.tokens === undefined && ttl < longEnough) yield `The logout of ${subject} may be removed too early`;
}

/** What one purpose has taken from the others: a token that is good still. */
export function* lostTokens(subject: string, before: StoredRecord, after: StoredRecord, now: number): Generator<string> {
  if (after.lineage !== before.lineage) return;
  const left = tokensOf(after);
  for (const [name, { access_token: token, expires_at: end = Number.POSITIVE_INFINITY }] of tokensOf(before))
    if (name !== (after.purpose ?? "") && end * 1000 > now && left.get(name)?.access_token !== token)
      yield `The entry of ${subject} lost ${token}, which is for another purpose`;
}

/** In a trace. */
export function describeRecord(record: StoredRecord): string {
  const { generation, tokens, intent, pause, loginRequired, foreign, purpose, others, seed } = record;
  const parts = [
    foreign ?? `generation ${generation}`,
    purpose && `for ${purpose}`,
    tokens?.access_token,
    tokens?.refresh_token,
    others && `others ${[...tokensOf({ generation, others })].map(([name, { access_token: token }]) => `${name}: ${token}`).join(" ")}`,
    seed && "from a seed",
    intent === undefined ? undefined : `intent ${intent.owner.slice(0, 8)}${intent.unresolved === true ? " unresolved" : ""}`,
    pause === undefined ? undefined : `pause ${pause.duration.toFixed(0)}`,
    loginRequired === undefined ? undefined : `login required ${loginRequired.error ?? ""}`,
  ];
  return `(${parts.filter((part) => part !== undefined && part !== "").join(", ")})`;
}
