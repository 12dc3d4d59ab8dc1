/** One challenge of a WWW-Authenticate header (RFC 9110 section 11.6.1). Names are in lower case. */
export interface Challenge {
  /** In lower case, such as "bearer". */
  readonly scheme: string;
  /** By their names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const longestHeader = 4096;

/** Reads a WWW-Authenticate header, at most 4 KB of it, in linear time. Never throws: what it cannot read ends the reading. */
export function readChallenges(header: string): Challenge[] {
  const text = header.slice(0, longestHeader);
  // Sticky, so that each match starts where the last one ended and nothing is looked at twice.
  const separator = /[\s,]*/y;
  const parameter = /([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"=]+))(?=[\s,]|$)/y;
  const scheme = /([\w!#$%&'*+.^`|~-]+)(?=[\s,]|$)/y;
  const token68 = /[ \t]+[\w.~+/-]+=*(?=[ \t]*(?:,|$))/y;
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];

  for (let at = 0; ;) {
    const next = (pattern: RegExp): RegExpExecArray | null => {
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match !== null) at = pattern.lastIndex;
      return match;
    };
    next(separator);
    const current = challenges[challenges.length - 1];
    const pair = current === undefined ? null : next(parameter);
    if (pair !== null) {
      const [, name = "", quoted, plain = ""] = pair;
      // RFC 9110 section 11.2: each parameter once. The first one counts.
      const key = name.toLowerCase();
      if (!current?.parameters.has(key)) current?.parameters.set(key, quoted === undefined ? plain : quoted.replaceAll(/\\(.)/g, "$1"));
      continue;
    }
    const named = next(scheme);
    if (named === null) return challenges;
    challenges.push({ scheme: named[1]?.toLowerCase() ?? "", parameters: new Map() });
    next(token68);
  }
}

/** Errors that say that a newer token would be refused, too: RFC 6750 section 3.1, RFC 9470 section 3. */
const noUse = new Set(["insufficient_scope", "insufficient_user_authentication", "invalid_request"]);

/**
 * Whether another token may help against a 401 with this WWW-Authenticate header: unless a challenge of whatever scheme says that it would not. Many APIs send
 * no header, a broken one, or one of another scheme, and mean the token. A renewal that was no use is not repeated for a while.
 */
export function isAboutTheToken(header: string | null | undefined): boolean {
  if (!header) return true;
  // In a storm, all refusals say the same.
  if (header !== last.header)
    last = { header, answer: !readChallenges(header).some(({ parameters }) => noUse.has(parameters.get("error") ?? "")) };
  return last.answer;
}

/** The header that was read last. */
let last = { header: "", answer: true };
