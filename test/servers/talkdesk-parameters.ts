import { OAuthRefusal } from "./oauth-refusal.ts";

/** A parameter that may be left out. Given twice, the whole request is invalid (RFC 6749 section 3.1). */
export function optional(parameters: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = parameters.getAll(name);
  if (more.length > 0) throw new OAuthRefusal(400, "invalid_request", `The parameter ${name} is given more than once.`);
  // RFC 6749 section 3.1: without a value is as good as left out.
  return value === "" ? undefined : value;
}

export function required(parameters: URLSearchParams, name: string): string {
  const value = optional(parameters, name);
  if (value === undefined) throw new OAuthRefusal(400, "invalid_request", `The parameter ${name} is missing.`);
  return value;
}

/** The scopes that a request asks for, out of those that it may have: all of them when it names none. */
export function scopesOf(parameters: URLSearchParams, granted: readonly string[]): readonly string[] {
  const asked = optional(parameters, "scope")?.split(" ").filter(Boolean) ?? granted;
  const refused = asked.find((scope) => !granted.includes(scope));
  if (refused !== undefined) throw new OAuthRefusal(400, "invalid_scope", `The scope ${refused} is not granted.`);
  return asked;
}
