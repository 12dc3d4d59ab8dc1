import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const src = new URL("../src/", import.meta.url).pathname;
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

it.each(files.filter((name) => !name.startsWith("node/")))("%s runs wherever there is fetch: it imports nothing of Node's", (name) => {
  // An example in a docstring may be one for Node.
  const text = readFileSync(join(src, name), "utf8").replaceAll(/\/\*\*[^]*?\*\//g, "");
  expect(text).not.toMatch(/from "node:|from "\.\/node\/|\bprocess\.|\bBuffer\b|NodeJS\./);
});

it.each(files)("%s is under 200 lines", (name) => {
  expect(readFileSync(join(src, name), "utf8").split("\n").length).toBeLessThanOrEqual(200);
});
