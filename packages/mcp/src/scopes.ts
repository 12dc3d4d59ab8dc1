import { requireThat } from "@tokenflight/core";

/** `scope-token` of RFC 6749 section 3.3. */
const scopeText = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
/** A server that wants more than that means something else. Characters of one, and how many. */
const most = { length: 200, scopes: 100 };

/** The scopes in a text with spaces between them, or in a list, each once. What is no scope is left out. */
export function scopesIn(given: unknown): string[] {
  const list: unknown[] = typeof given === "string" ? given.split(/\s+/) : Array.isArray(given) ? given : [];
  const scopes = list.filter((one): one is string => typeof one === "string" && one.length <= most.length && scopeText.test(one));
  return [...new Set(scopes)].slice(0, most.scopes);
}

/** The scopes of an option, in a text or a list. Throws InvalidOptionError for one without any, and for one with what is no scope. */
export function readScopes(where: string, given: unknown): string[] {
  if (given === undefined) return [];
  const list: unknown = typeof given === "string" ? given.split(/\s+/).filter((one) => one !== "") : given;
  requireThat(Array.isArray(list) && list.length > 0, where, "at least one scope", given);
  for (const one of list as unknown[])
    requireThat(typeof one === "string" && scopeText.test(one), where, 'scopes of visible ASCII characters other than " and \\', one);
  return unionOf(list as string[]);
}

/** All scopes of several lists, each once, in their order. */
export function unionOf(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}
