import { readFileSync } from "node:fs";
import {
  InvalidOptionError,
  InvalidTokenResponseError,
  LoginRequiredError,
  StoreError,
  TokenflightError,
  TokenRequestError,
  type TokenflightErrorCode,
} from "@tokenflight/core";
import { McpServerError } from "@tokenflight/mcp";
import { LoginError } from "@tokenflight/oauth";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** The rows of the table, by code. */
const rows = new Map(
  [...read("docs/errors.md").matchAll(/^\| `(ERR_\w+)` \| `(\w+)` \| ([\w -]+) \| (.+) \| (.+) \|$/gm)].map(
    ([, code = "", ...cells]) => [code, cells] as const,
  ),
);

/** The codes that core's type names. */
const union = read("packages/core/src/errors/tokenflight-error.ts").match(/type TokenflightErrorCode =([^;]+);/)?.[1] ?? "";
const codes = new Set([...[...union.matchAll(/"(ERR_\w+)"/g)].map(([, code = ""]) => code), "ERR_LOGIN_FAILED", "ERR_MCP_SERVER"]);

it("has a row for every code, in order, and for no other", () => {
  expect(codes.size).toBeGreaterThan(10);
  expect([...rows.keys()]).toEqual([...codes].toSorted());
});

const outcomes = ["not-sent", "refused", "throttled", "unknown"] as const;
const made: TokenflightError[] = [
  new InvalidOptionError("a", "b", "c"),
  new InvalidTokenResponseError("a"),
  new LoginError("refused", "a"),
  new LoginRequiredError("a"),
  new McpServerError("resource", "a"),
  new StoreError("ERR_STORE_RECORD_INVALID", "a"),
  new StoreError("ERR_STORE_UNAVAILABLE", "a"),
  ...outcomes.map((outcome) => new TokenRequestError(outcome, "a")),
];

it.each(made.map((error) => [error.code, error] as const))("%s has the class and the outcome that the page names", (code, error) => {
  const [name, outcome] = rows.get(code) ?? [];
  expect(name).toBe(error.name);
  if (error instanceof TokenRequestError) expect(outcome).toBe(error.outcome);
});

it("names the class of every other code", () => {
  const known = new Set<string>(made.map(({ code }) => code));
  for (const [code, [name]] of rows) if (!known.has(code)) expect([code, name]).toEqual([code, "TokenflightError"]);
  expect(new TokenflightError("ERR_NEW_TOKEN_REFUSED" satisfies TokenflightErrorCode, "a").name).toBe("TokenflightError");
});

it.each([
  ["LoginError", "packages/oauth/src/errors.ts", "ERR_LOGIN_FAILED"],
  ["McpServerError", "packages/mcp/src/errors.ts", "ERR_MCP_SERVER"],
])("says of every reason of a %s", (_, file, code) => {
  const reasons = [...read(file).matchAll(/^ {2}\| "([\w-]+)"/gm)].map(([, reason = ""]) => reason);
  expect(reasons.length).toBeGreaterThan(4);
  for (const reason of reasons) expect(rows.get(code)?.[2]).toContain(`"${reason}"`);
});
