import { ownOnly, ownOption } from "../own.ts";
import { TokenSet } from "../tokens/token-set.ts";
import type { LoginRequired, OtherPurpose, OtherPurposes, SubjectRecord } from "./record.ts";

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

/** Whether the whole login has ended, for all that is known: when no purpose but this one has ever been asked for, its end is the end. */
export function hasEnded({ loginRequired, others }: SubjectRecord): boolean {
  return loginRequired !== undefined && (others === undefined || !isOfOnePurpose(loginRequired));
}

function withoutRefreshToken({ accessToken, tokenType, issuedAt, expiresAt, scope }: TokenSet): TokenSet {
  return new TokenSet({ accessToken, tokenType, issuedAt, expiresAt, scope });
}

/** An access token with the refresh token, the id token and the further fields of its login. Without one, it is empty, and has expired. */
export function ofLogin(
  access: TokenSet | undefined,
  { refreshToken, idToken, extra }: Pick<TokenSet, "refreshToken" | "idToken" | "extra">,
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
  if (others === undefined) return undefined;
  const endOf = ({ tokenSet }: OtherPurpose): number => tokenSet?.expiresAt ?? Number.POSITIVE_INFINITY;
  const used = Object.entries(others).filter(
    ([, other]) => endOf(other) > now || other.pause !== undefined || other.loginRequired !== undefined,
  );
  if (used.length === 0) return undefined;
  return Object.fromEntries(used.toSorted(([, one], [, other]) => endOf(other) - endOf(one)).slice(0, most));
}
