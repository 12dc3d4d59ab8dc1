import { fileURLToPath } from "node:url";
import { profiles } from "@tokenflight/oauth/profiles";
import { build, type Rolldown } from "vite";
import { expect, it } from "vitest";

/** A program as a bundler makes it for a browser, with everything that it imports. */
async function bundled(program: string): Promise<string> {
  const entry = "\0program";
  const built = await build({
    configFile: false,
    envFile: false,
    logLevel: "error",
    root: fileURLToPath(new URL(".", import.meta.url)),
    resolve: { conditions: ["source", "browser", "module"] },
    plugins: [
      {
        name: "program",
        resolveId: (id) => (id === "program" ? entry : undefined),
        load: (id) => (id === entry ? program : undefined),
      },
    ],
    build: {
      write: false,
      minify: false,
      target: "es2024",
      rolldownOptions: { input: "program", preserveEntrySignatures: "strict", output: { format: "es", codeSplitting: false } },
    },
  });
  const [{ output }] = [built].flat() as [Rolldown.RolldownOutput];
  return output[0].code;
}

const namesIn = (code: string): string[] =>
  Object.values(profiles)
    .map(({ name }) => name)
    .filter((name) => code.includes(`"${name}"`));

it("a program that imports one profile has that one in its bundle, and no other", async () => {
  expect(namesIn(await bundled('export { google } from "@tokenflight/oauth/profiles";'))).toEqual(["Google"]);
  expect(namesIn(await bundled('export { defineProfile } from "@tokenflight/oauth/profiles";'))).toEqual([]);
  expect(namesIn(await bundled('export { profiles } from "@tokenflight/oauth/profiles";'))).toHaveLength(Object.keys(profiles).length);
});
