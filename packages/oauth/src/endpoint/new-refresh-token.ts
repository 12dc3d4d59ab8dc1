import type { AnswerFields } from "./answer-fields.ts";
import type { Answer } from "./answer.ts";

/** What has to be known of a request to tell whether a refresh token is new, and this user's. */
export interface RefreshTokenRequest {
  readonly secrets: Readonly<Record<string, string>>;
  /** Whether an answer with this id token is about another user, so that nothing of it is kept. Default: it is not. */
  readonly isForeign?: ((idToken: unknown) => boolean) | undefined;
}

/** How deep an answer is searched, and how many of its objects are looked at. */
const most = { depth: 4, objects: 100 };
const tokenNames = ["access_token", "token_type", "expires_in"];

/**
 * Finds the new refresh token in an answer that is of no use otherwise: it may be the only one that still works. `tokens` are the answer's fields,
 * or the part of them where the tokens should be. Where an answer is no JSON, as one that was cut off or that has a warning before it, a whole
 * pair of name and value is looked for in its text. Any text may be a refresh token, but a sentence about the field `refresh_token` is none: one
 * with white space counts only beside other fields of tokens. Returns undefined for the one that was sent.
 */
export function newRefreshToken(answer: Answer, tokens: AnswerFields | undefined, request: RefreshTokenRequest): string | undefined {
  const isGood = answer.status >= 200 && answer.status < 300;
  const found = tokens === undefined ? inText(answer.text ?? answer.part ?? "", request) : (inFields(tokens, isGood) ?? nested(tokens));
  const sent = request.secrets["refresh_token"];
  if (found === undefined || found.refreshToken === sent || request.isForeign?.(found.idToken) === true) return undefined;
  return found.refreshToken;
}

interface Found {
  readonly refreshToken: string;
  readonly idToken: unknown;
}

function inFields(fields: AnswerFields, isGood: boolean): Found | undefined {
  // The second name is that of servers which write all of their names so. Core reads it, too.
  const refreshToken = own(fields, "refresh_token") ?? own(fields, "refreshToken");
  if (typeof refreshToken !== "string" || refreshToken === "") return undefined;
  const isToken = isGood || isTokenSet(fields) || !/\s/.test(refreshToken);
  return isToken ? { refreshToken, idToken: own(fields, "id_token") } : undefined;
}

/** Looks into the objects within an answer, for an envelope that nobody has named. Of several refresh tokens, nobody knows whose they are. */
function nested(fields: AnswerFields): Found | undefined {
  const found = new Map<string, Found>();
  let level: unknown[] = Object.values(fields);
  let looked = 0;
  for (let depth = 0; depth < most.depth && level.length > 0; depth += 1) {
    const objects = level.filter((value): value is AnswerFields => typeof value === "object" && value !== null);
    for (const object of objects.slice(0, most.objects - looked)) {
      const one = isTokenSet(object) ? inFields(object, true) : undefined;
      if (one !== undefined) found.set(one.refreshToken, one);
    }
    looked += objects.length;
    if (looked >= most.objects) break;
    level = objects.flatMap((object) => Object.values(object));
  }
  return found.size === 1 ? [...found.values()][0] : undefined;
}

function inText(text: string, { secrets }: RefreshTokenRequest): Found | undefined {
  /** `name` is part of a pattern. */
  const values = (name: string): string[] => {
    // No two parts of the pattern can match the same text, so that the search takes one pass.
    const pairs = text.matchAll(new RegExp(String.raw`"${name}"\s*:\s*("(?:[^"\\]|\\.)*")`, "g"));
    return [...pairs].flatMap(([, json = ""]) => readString(json) ?? []);
  };
  const refreshToken = values("refresh(?:_t|T)oken").findLast((value) => value !== secrets["refresh_token"]);
  if (refreshToken === undefined || (/\s/.test(refreshToken) && !text.includes('"access_token"'))) return undefined;
  return { refreshToken, idToken: values("id_token").at(-1) };
}

function readString(json: string): string | undefined {
  try {
    return (JSON.parse(json) as string) || undefined;
  } catch {
    return undefined;
  }
}

function isTokenSet(fields: AnswerFields): boolean {
  return tokenNames.some((name) => Object.hasOwn(fields, name));
}

function own(fields: AnswerFields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
