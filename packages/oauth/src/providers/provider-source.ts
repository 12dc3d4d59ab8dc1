import { parseUrl, readOptions, requireThat } from "@tokenflight/core";

/** Where facts about a provider were found: a page of its documentation, or a thread of those who have met it. */
export interface ProviderSource<Fact extends string = string> {
  /** The names of the facts that it tells of. */
  readonly facts: readonly Fact[];
  /** The page. */
  readonly url: string;
  /** The day on which the page was read, as "2026-11-27". */
  readonly read: string;
}

/** Throws InvalidOptionError. */
export function checkSources(where: string, value: readonly ProviderSource[] | undefined): void {
  if (value === undefined) return;
  requireThat(Array.isArray(value), where, "an array", value);
  for (const [index, source] of value.entries()) {
    const at = `${where}[${index}]`;
    const { facts, url, read } = readOptions<ProviderSource>(at, source, ["facts", "url", "read"]);
    requireThat(Array.isArray(facts), `${at}.facts`, "an array of names", facts);
    requireThat(typeof url === "string" && parseUrl(url) !== null, `${at}.url`, "a URL", url);
    requireThat(typeof read === "string" && /^\d{4}-\d{2}-\d{2}$/.test(read), `${at}.read`, 'a day such as "2026-11-27"', read);
  }
}
