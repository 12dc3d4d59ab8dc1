import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = read("docs/events.md");

/** Each heading of the page, with the file and the name of the type that it tells of. */
const unions = [
  ["Of adapters", "packages/core/src/request/bearer-options.ts", "AdapterEvent"],
  ["Of token caches and pools", "packages/core/src/events.ts", "TokenEvent"],
  ["Of refreshOnce", "packages/refresh-once/src/events.ts", "RefreshOnceEvent"],
  ["Of OAuth clients", "packages/oauth/src/client-parts.ts", "OAuthEvent"],
  ["Of logins at MCP servers", "packages/mcp/src/events.ts", "McpEvent"],
] as const;

/** The members of a union of object types: each event's name, and its other fields. */
function eventsOf(file: string, name: string): Map<string, string[]> {
  const text = read(file).replaceAll(/\/\*\*[^]*?\*\//g, "");
  const union = new RegExp(String.raw`export type ${name} =([^]*?\});\n`).exec(text)?.[1] ?? "";
  return new Map(
    [...union.matchAll(/\{([^}]*)\}( & TokenFacts)?/g)].map(([, fields = "", facts]) => {
      const [, type = ""] = /type: "([\w-]+)"/.exec(fields) ?? [];
      const names = [...fields.matchAll(/(\w+)\??:/g)].map(([, field = ""]) => field).filter((field) => field !== "type");
      return [type, [...names, ...(facts === undefined ? [] : ["token", "expiresAt", "generation"])]];
    }),
  );
}

function rowsOf(heading: string): Map<string, string[]> {
  const section = page.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return new Map(
    [...section.matchAll(/^\| `([\w-]+)`  *\|([^|]*)\|[^|]+\|[^|]+\|$/gm)].map(([, type = "", fields = ""]) => [
      type,
      [...fields.matchAll(/`(\w+)`/g)].map(([, field = ""]) => field),
    ]),
  );
}

it.each(unions)("%s: a row for every event, with its fields, in order", (heading, file, name) => {
  const events = eventsOf(file, name);
  expect(events.size).toBeGreaterThan(3);
  const rows = rowsOf(heading);
  expect([...rows.keys()]).toEqual([...events.keys()].toSorted());
  for (const [type, fields] of events) expect([type, rows.get(type)]).toEqual([type, fields]);
});

it.each([
  ["packages/core/src/request/bearer-options.ts", "WithoutTokenReason"],
  ["packages/core/src/request/bearer-options.ts", "NotReplayedReason"],
  ["packages/core/src/tokens/token-source.ts", "RefreshReason"],
  ["packages/core/src/tokens/token-source.ts", "Urgency"],
  ["packages/oauth/src/client-parts.ts", "IdTokenFault"],
  ["packages/refresh-once/src/events.ts", "PassedThroughReason"],
])("%s: every word of %s is explained", (file, name) => {
  const union = new RegExp(String.raw`export type ${name} =([^;]*);`).exec(read(file).replaceAll(/\/\*\*[^]*?\*\//g, ""))?.[1] ?? "";
  const words = [...union.matchAll(/"([\w-]+)"/g)].map(([, word = ""]) => word);
  expect(words.length).toBeGreaterThan(1);
  for (const word of words) expect(page).toContain(`"${word}"`);
});
