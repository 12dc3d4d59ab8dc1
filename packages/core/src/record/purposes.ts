import { ownOnly, ownOption } from "../platform/own.ts";
import { TokenSet, type TokenSetFields } from "../tokens/token-set.ts";
import { isLive, type LoginRequired, type OtherPurpose, type OtherPurposes, type SubjectRecord } from "./record.ts";

/** How many other purposes a record keeps. Of more, those whose access tokens end first are asked for again. */
const most = 32;

/**
 * Errors of OpenID Connect Core section 3.1.2.6: the user has to agree to something that was asked for. They end one purpose, where every other error that
 * requires a login says that the refresh token is dead.
 */
const endsOnePurpose = new Set(["account_selection_required", "consent_required", "interaction_required", "login_required"]);

/** The same record as it is for another purpose: with the access token for that one, if there is any, and the refresh token of the login. */
export function forPurpose(record: SubjectRecord, purpose: string | undefined): SubjectRecord {
  const before = record.purpose;
  if (before === purpose) return record;
  const { others = {}, tokenSet, pause, loginRequired, ...login } = record;
  // A login that is over is over for all, and nothing is left of it.
  if (tokenSet === undefined) return ownOnly({ ...login, ...(pause && { pause }), ...(loginRequired && { loginRequired }), purpose });
  const name = purpose ?? "";
  const own = ownOption(others, name) ?? ownOnly<OtherPurpose>({});
  const leaving: OtherPurpose = ownOnly({
    ...(tokenSet.accessToken !== "" && { tokenSet: withoutRefreshToken(tokenSet) }),
    ...(pause?.outcome === "refused" && { pause }),
    ...(isOfOnePurpose(loginRequired) && { loginRequired }),
  });
  const rest = { ...others, ...(Object.keys(leaving).length > 0 && { [before ?? ""]: leaving }) };
  delete rest[name];
  const ownPause = pause === undefined || pause.outcome === "refused" ? own.pause : pause;
  const ownEnd = loginRequired === undefined || isOfOnePurpose(loginRequired) ? own.loginRequired : loginRequired;
  return ownOnly({
    ...login,
    tokenSet: ofLogin(own.tokenSet, tokenSet),
    ...(ownPause && { pause: ownPause }),
    ...(ownEnd && { loginRequired: ownEnd }),
    purpose,
    ...(Object.keys(rest).length > 0 && { others: rest }),
  });
}

function isOfOnePurpose(loginRequired: LoginRequired | undefined): boolean {
  return loginRequired !== undefined && endsOnePurpose.has(loginRequired.error ?? "");
}

/** Milliseconds from the beginning of a pause in which the purpose counts as one that has not ended. The longest pause takes little more than half of it. */
const pauseCounts = 7_200_000;

/**
 * Whether the whole login has ended, for all that is known: where every purpose that was ever asked for has ended, that is the end. A purpose that has given
 * nothing, and was last asked for long ago, does not count.
 */
export function hasEnded({ loginRequired, pause, tokenSet, others = {} }: SubjectRecord, now: number): boolean {
  if (loginRequired !== undefined && !isOfOnePurpose(loginRequired)) return true;
  // A clock may have been wrong: no pause begins in the future.
  const counts = (one: OtherPurpose["pause"]): boolean => one !== undefined && Math.abs(now - one.begun) < pauseCounts;
  const all: OtherPurpose[] = [{ loginRequired, tokenSet }, ...Object.values(others)];
  const open = all.filter((one) => one.loginRequired === undefined);
  // Of a purpose that was never asked for, the access token is empty.
  return open.length < all.length && !counts(pause) && !open.some((one) => one.tokenSet?.accessToken || counts(one.pause));
}

function withoutRefreshToken({ accessToken, tokenType, issuedAt, expiresAt, scope }: TokenSet): TokenSet {
  return new TokenSet({ accessToken, tokenType, issuedAt, expiresAt, scope });
}

/** An access token with the refresh token, the id token and the further fields of its login. Without one, it is empty, and has expired. */
export function ofLogin(
  access: TokenSet | undefined,
  { refreshToken, idToken, extra }: Pick<TokenSetFields, "refreshToken" | "idToken" | "extra">,
): TokenSet {
  const login = { refreshToken, idToken, extra };
  if (access === undefined) return new TokenSet({ accessToken: "", tokenType: "Bearer", issuedAt: 0, expiresAt: 1, ...login });
  const { accessToken, tokenType, issuedAt, expiresAt, scope } = access;
  return new TokenSet({ accessToken, tokenType, issuedAt, expiresAt, scope, ...login });
}

/** The token sets of all purposes; only the first one has the refresh token. */
export function tokenSetsOf({ tokenSet, others = {} }: SubjectRecord): TokenSet[] {
  if (tokenSet === undefined) return [];
  return [tokenSet, ...Object.values(others).flatMap((other) => other.tokenSet ?? [])];
}

/** The other purposes that are of use still. `now` is a time of the wall clock. */
export function inUse(others: OtherPurposes | undefined, now: number): OtherPurposes | undefined {
  const used = Object.entries(others ?? {}).filter(
    ([, { tokenSet, pause, loginRequired }]) => isLive(tokenSet, now) || loginRequired !== undefined || endOf(pause) > now,
  );
  return used.length === 0 ? undefined : atMost(Object.fromEntries(used), now);
}

/** Those for which there is room: first those with access tokens, of which those that end last; then those that have ended; then those that were refused. */
function atMost(others: OtherPurposes, now: number, room = most): OtherPurposes {
  const all = Object.entries(others);
  if (all.length <= room) return others;
  const rankOf = ({ tokenSet, loginRequired }: OtherPurpose): number => (isLive(tokenSet, now) ? 2 : loginRequired === undefined ? 0 : 1);
  const timeOf = ({ tokenSet, pause }: OtherPurpose): number => (isLive(tokenSet, now) ? (tokenSet?.expiresAt ?? Infinity) : endOf(pause));
  const ranked = [...all].sort(([, one], [, other]) => rankOf(other) - rankOf(one) || timeOf(other) - timeOf(one));
  return Object.fromEntries(ranked.slice(0, room));
}

/** The same beside a token set that may be of no use: its place is another one's then. */
export function withinRoom({ others, tokenSet }: SubjectRecord, now: number): OtherPurposes | undefined {
  return others && atMost(others, now, isLive(tokenSet, now) ? most : most + 1);
}

/**
 * A later record of the login that is held, with what is held of its own purpose, where there was no room left for that: an access token that is good, and that the
 * purpose has ended.
 */
export function withHeld(record: SubjectRecord, held: SubjectRecord, now: number): SubjectRecord {
  const { tokenSet, pause, loginRequired, lineage } = record;
  if (tokenSet === undefined || tokenSet.accessToken !== "" || lineage !== held.lineage) return record;
  const isGood = isLive(held.tokenSet, now);
  const hasEndedHere = pause === undefined && loginRequired === undefined && isOfOnePurpose(held.loginRequired);
  if (!isGood && !hasEndedHere) return record;
  return ownOnly({
    ...record,
    ...(isGood && { tokenSet: ofLogin(held.tokenSet, tokenSet) }),
    ...(hasEndedHere && { loginRequired: held.loginRequired }),
  });
}

/** By the wall clock of whoever noted it. */
function endOf(pause: OtherPurpose["pause"]): number {
  return pause === undefined ? 0 : pause.begun + pause.duration;
}
