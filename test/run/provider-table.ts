import { profiles, type Provider, type ProviderFact } from "@tokenflight/oauth/profiles";
import { tableOf, withinMarks } from "./page-parts.ts";

/** The profiles with their names in the program, in the order in which people look for them. */
const rows: readonly (readonly [key: string, provider: Provider])[] = Object.entries(profiles).toSorted(([, one], [, other]) =>
  one.name.localeCompare(other.name, "en"),
);

/** Words that stand in the columns of their own. */
const columns = new Set<ProviderFact>(["lifetime", "rotation", "grace", "askFor", "loginRequiredErrors"]);

const code = (text: string): string => `\`${text}\``;

function askedFor({ profile: { askFor } }: Provider): string {
  if (askFor === undefined) return "";
  const fields = (all: Readonly<Record<string, string>> = {}): string[] =>
    Object.entries(all).map(([name, value]) => code(`${name}=${value}`));
  return [
    ...(askFor.scope === undefined ? [] : [`scope ${code(askFor.scope)}`]),
    ...fields(askFor.parameters),
    ...fields(askFor.tokenParameters).map((field) => `${field} with the code`),
  ].join(", ");
}

function graceOf({ profile: { grace = 0 } }: Provider): string {
  return grace === Number.POSITIVE_INFINITY ? "for ever" : String(grace);
}

/** A fact that has no column, as the option of a profile. */
function further({ profile }: Provider): string {
  return Object.entries(profile)
    .filter(([fact]) => fact !== "name" && fact !== "sources" && !columns.has(fact as ProviderFact))
    .map(([fact, value]) => `${code(fact)} ${shown(value)}`)
    .join(", ");
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([name, one]) => `${name}: ${String(one)}`)
    .join(", ");
}

/** The table of oauth's README. */
export function providerTable(): string {
  return tableOf(
    [
      "provider",
      "`profiles.`",
      "access token lives (s)",
      "new refresh token",
      "old one works on (s)",
      "ask for",
      'words for "log in again"',
      "further",
    ],
    rows.map(([key, provider]) => [
      provider.name,
      code(key),
      String(provider.profile.lifetime ?? ""),
      provider.profile.rotation ?? "",
      graceOf(provider),
      askedFor(provider),
      (provider.profile.loginRequiredErrors ?? []).map(code).join(", "),
      further(provider),
    ]),
  );
}

/** docs/providers.md: every fact with its source. */
export function providersPage(): string {
  const sections = rows.map(([key, { name, profile }]) => {
    const facts = (profile.sources ?? []).map(
      ({ facts: named, url, read }) => `- ${named.map(code).join(", ")}: <${url}>, read on ${read}`,
    );
    return `## ${name}\n\n\`profiles.${key}\`\n\n${facts.join("\n")}\n`;
  });
  return `# Where the facts about providers come from

This page is written from the profiles of \`@tokenflight/oauth/profiles\` by \`test/run/providers-page.ts\`. What the facts are stands in
[oauth's README](../packages/oauth/README.md#providers); each profile has its sources as \`profile.sources\`. What was not found in documentation, or
in a thread of those who have met it, is left out. The answers in \`test/servers/provider-answers.ts\` are those that the same pages show, and each
profile is run against them by \`test/oauth/provider-answers.test.ts\`.

${sections.join("\n")}`;
}

/** A README with the table in its place. */
export function withProviderTable(readme: string): string {
  return withinMarks(readme, "The table is written by test/run/providers-page.ts.", providerTable());
}
