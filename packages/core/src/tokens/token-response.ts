import { InvalidTokenResponseError } from "../errors/refresh-errors.ts";
import { kindOf } from "../options.ts";
import { hasOwn, ownOption } from "../platform/own.ts";
import { latestSecond, readExpiry, readJwtExpiry, type FieldReader } from "./expiry.ts";
import { readExtraFields } from "./extra-fields.ts";
import { TokenSet } from "./token-set.ts";

/** The fields of RFC 6749 section 5.1 that may be left out. A null, and a text without any characters, are left out as well. */
interface OptionalFields {
  /** "Bearer" when it is left out. */
  token_type?: string | null | undefined;
  /** Lifetime in seconds, as a number or in digits, or with its unit ("60s", "15 min", "1h", "7d"). Zero says nothing. */
  expires_in?: number | string | null | undefined;
  /**
   * Expiry as a Date, in ISO 8601, or in seconds or milliseconds since the UNIX epoch; wins over `expires_in`. What lies at the UNIX epoch or before it says
   * nothing. Without both, the other names that servers and libraries use count: `expires_on`, `expiresOn`, `expiry_date`, `expiresAt`, `expiry`, `.expires`.
   * In a new answer, a number too small for any moment since 1973 is a lifetime in seconds.
   */
  expires_at?: Date | number | string | null | undefined;
  /** The scopes that were given, with spaces between them, or as a list. Default: not known. */
  scope?: string | readonly string[] | null | undefined;
  /** Obtains the next token set. Default: none. */
  refresh_token?: string | null | undefined;
  /** The id token of a login with OpenID Connect. Default: none. */
  id_token?: string | null | undefined;
}

/** Whatever else an answer says. */
interface FurtherFields {
  [extra: string]: unknown;
}

/** A token response (RFC 6749 section 5.1), as a token endpoint or a token source of your own gives it. */
export interface TokenResponse extends OptionalFields, FurtherFields {
  /** The token that requests carry. It may hold what a header field can carry (RFC 6749 appendix A). */
  access_token: string;
}

/** The fields of a token response, without any that has to be there. */
interface StoredTokens extends OptionalFields {
  /** May be left out where there is a refresh token. Default: none. */
  access_token?: string | null | undefined;
}

/** What a login begins with: a token response, or a refresh token alone; also a row or an object of another library's, whose type is an interface. */
export type InitialTokens = StoredTokens | (StoredTokens & FurtherFields);

/** A header can carry it (RFC 9110 section 5.5) and RFC 6749 appendix A allows it; a space would end the token. */
const tokenText = /^[\x21-\x7e]+$/;
/** `token` of RFC 9110 section 5.6.2, which names an authentication scheme. */
const schemeText = /^[!#$%&'*+.^_`|~\w-]+$/;
/** Characters. A token endpoint's answer is not read beyond that either. */
const longestToken = 262_144;

/** The options of `readTokenResponse`. */
export interface ReadingOptions {
  /** Is told the name of each field that is not usable, and counts as left out. Default: nobody is told. */
  readonly ignored?: ((name: string) => void) | undefined;
  /** Whether the `exp` of an access token that is a JWT counts where no field says when it expires. Default false. */
  readonly jwtExpiry?: boolean | undefined;
}

/**
 * Reads a token response. Only the access token has to be usable: whatever else is not is ignored. Fields that a refresh response leaves out are carried over
 * from `previous`.
 *
 * @throws InvalidTokenResponseError (`ERR_INVALID_TOKEN_RESPONSE`), which shows no value, and holds the new refresh token if there is one.
 * @example
 * ```ts
 * const { accessToken, expiresAt } = readTokenResponse({ access_token: "a", expires_in: 600 }, Date.now());
 * ```
 */
export function readTokenResponse(response: TokenResponse, now: number, previous?: TokenSet, options?: ReadingOptions): TokenSet {
  return tokenSetOf(response, now, { previous, options, isWhole: true });
}

/** The same for a token set, which may have been made by hand: what no header or store can carry is found before it is used. */
export function readTokenSet(given: TokenSet | TokenResponse, now: number, previous?: TokenSet, options?: ReadingOptions): TokenSet {
  return readTokenResponse(given instanceof TokenSet ? toTokenResponse(given) : given, now, previous, options);
}

/** The same for what a login begins with, or a store holds. Without an access token, the one of the token set is empty, and has expired. */
export function readInitialTokens(given: TokenSet | InitialTokens, now: number, options?: ReadingOptions): TokenSet {
  const response = given instanceof TokenSet ? toTokenResponse(given) : (given as StoredTokens & FurtherFields);
  return tokenSetOf(response, now, { previous: undefined, options, isWhole: false });
}

/**
 * The reverse of `readTokenResponse`: everything in the token set, secrets too, for a store or a session of your own.
 *
 * @example
 * ```ts
 * const row = JSON.stringify(toTokenResponse(await tokens.get()));
 * ```
 */
export function toTokenResponse(tokenSet: TokenSet): TokenResponse {
  return {
    ...tokenSet.extra,
    access_token: tokenSet.accessToken,
    token_type: tokenSet.tokenType,
    issued_at: tokenSet.issuedAt / 1000,
    ...(tokenSet.expiresAt === undefined ? {} : { expires_at: tokenSet.expiresAt / 1000 }),
    ...(tokenSet.scope === undefined ? {} : { scope: tokenSet.scope }),
    ...(tokenSet.refreshToken === undefined ? {} : { refresh_token: tokenSet.refreshToken }),
    ...(tokenSet.idToken === undefined ? {} : { id_token: tokenSet.idToken }),
  };
}

interface Reading {
  readonly previous?: TokenSet | undefined;
  readonly options?: ReadingOptions | undefined;
  /** Whether there has to be an access token. */
  readonly isWhole: boolean;
}

function tokenSetOf(response: StoredTokens & FurtherFields, now: number, { previous, options, isWhole }: Reading): TokenSet {
  if (typeof response !== "object" || response === null || Array.isArray(response))
    throw new InvalidTokenResponseError(`The token source gave ${kindOf(response)}; expected a token set or a token response.`);
  const ignored = ownOption(options, "ignored") ?? (() => {});
  // A field of null, and one without any text, is one that was left out.
  const field: FieldReader = (name) => {
    const value = ownOption(response, name);
    return value === null || value === "" ? undefined : value;
  };
  const usable = (name: string, value: unknown, isUsable: boolean): string | undefined => {
    if (isUsable) return value as string;
    if (value !== undefined) ignored(name);
    return undefined;
  };
  const refreshToken = ["refresh_token", "refreshToken"].reduce<string | undefined>(
    (found, name) => found ?? usable(name, field(name), isRefreshToken(field(name))),
    undefined,
  );
  const accessToken = field("access_token");
  const isMissing = accessToken === undefined && !isWhole && refreshToken !== undefined;
  if (!isMissing && !isHeaderToken(accessToken))
    throw new InvalidTokenResponseError(
      isWhole || accessToken !== undefined ? problemOf(response) : "There is neither a refresh_token nor an access_token.",
      {
        refreshToken: refreshToken === previous?.refreshToken ? undefined : refreshToken,
      },
    );
  const [type, scope, idToken, issuedAt] = ["token_type", "scope", "id_token", "issued_at"].map(field);
  const tokenType = usable("token_type", type, typeof type === "string" && schemeText.test(type)) ?? "Bearer";
  const scopes = Array.isArray(scope) && scope.every((one) => typeof one === "string") ? scope.join(" ") || undefined : scope;
  const end = readExpiry(field, now, { ignored, isNew: isWhole });
  return new TokenSet({
    accessToken: (accessToken ?? "") as string,
    tokenType: tokenType.toLowerCase() === "bearer" ? "Bearer" : tokenType,
    issuedAt: typeof issuedAt === "number" && issuedAt >= 0 && issuedAt <= latestSecond ? issuedAt * 1000 : now,
    // What is not there has expired.
    expiresAt: isMissing ? 1 : (end ?? (ownOption(options, "jwtExpiry") ? readJwtExpiry(accessToken as string, now, isWhole) : undefined)),
    scope: usable("scope", scopes, typeof scopes === "string") ?? previous?.scope,
    refreshToken: refreshToken ?? previous?.refreshToken,
    idToken: usable("id_token", idToken, isHeaderToken(idToken)) ?? previous?.idToken,
    extra: readExtraFields(response, previous?.extra, ignored),
  });
}

/** It goes into a form, which carries every text. */
export function isRefreshToken(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.length <= longestToken;
}

function isHeaderToken(value: unknown): boolean {
  return isRefreshToken(value) && tokenText.test(value as string);
}

/** Why there is no usable access token, without any value. */
function problemOf(response: InitialTokens): string {
  const value = ownOption(response, "access_token");
  if (value === undefined && hasOwn(response, "accessToken"))
    return "The token source gave accessToken; expected the names of RFC 6749, such as access_token, refresh_token and expires_in, or a TokenSet.";
  // A number may be the token itself.
  const got = typeof value === "number" ? "a number" : kindOf(value);
  const isLong = typeof value === "string" && value.length > longestToken;
  const expected =
    typeof value !== "string" || value === ""
      ? "a string that is not empty"
      : isLong
        ? `at most ${longestToken} characters`
        : "visible ASCII characters without spaces";
  return `The token response's access_token is not usable: expected ${expected}, got ${got}.`;
}
