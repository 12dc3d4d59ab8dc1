import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { bareTokenScheme, TokenSet, tokenTypeScheme } from "../src/index.ts";

const page = readFileSync(new URL("../../../docs/schemes.md", import.meta.url), "utf8");
const tokenSet = new TokenSet({ accessToken: "T", tokenType: "Bearer", issuedAt: 0 });
const request = { method: "GET", url: "https://api.example.com/" };

it.each(Object.entries({ tokenTypeScheme, bareTokenScheme }))("docs/schemes.md has the header of %s", (name, scheme) => {
  const [, header = ""] = new RegExp(`^\\| \`${name}\` \\| \`([^\`]+)\``, "m").exec(page) ?? [];
  const [[field, value]] = Object.entries(scheme(tokenSet, request)) as [[string, string]];
  expect(header.toLowerCase()).toBe(`${field}: ${value.replace("T", "<access token>")}`.toLowerCase());
});
