import { describe, expect, it } from "vitest";
import { exampleRunner } from "../../test/setup/run-example.ts";
import { draw } from "./drawing.ts";
import type { Moment } from "./messages.ts";

const ownSources = new URL("../../test/mcp/own-sources.ts", import.meta.url).href;
const agents = exampleRunner("agents", ["--no-warnings", "--import", ownSources]);

it("the agents share their login, and what each of them did is drawn beside the usual way", { timeout: 120_000 }, async () => {
  const { status, printed, complaints } = await agents("--", "--processes", "3", "--seconds", "2", "--ttl", "1");

  expect(complaints).toBe("");
  const [usual = "", ours = ""] = printed.split("The login in Tokenflight:");
  for (const part of [usual, ours]) expect(part.match(/^agent \d/gm)).toHaveLength(3);
  const drawn = ours.match(/^agent .*$/gm)?.join("") ?? "";
  expect(drawn).toMatch(/R/);
  expect(drawn).toMatch(/w/);
  expect(drawn).not.toMatch(/[x!]/);
  expect(printed).toMatch(/^ +of them sent more than once +\d+ +0$/m);
  expect(printed).toMatch(/^browser windows +\d+ +1$/m);
  expect(printed.trimEnd().endsWith("With Tokenflight no call failed, and one window was opened.")).toBe(true);
  expect(status).toBe(0);
});

describe("the drawing", () => {
  const agent = (...moments: Moment[]) => ({ calls: 0, failed: 0, refreshes: 0, refused: 0, taken: 0, windows: 0, moments });

  it("has a column for each part of the time, and the worst of what falls into it", () => {
    const text = draw(
      [
        agent({ deed: "window", at: -900 }, { deed: "refresh", at: 0 }, { deed: "refused", at: 900 }, { deed: "refresh", at: 1999 }),
        agent({ deed: "taken", at: 100 }, { deed: "failed", at: 1100 }, { deed: "window", at: 1200 }, { deed: "taken", at: 2000 }),
      ],
      2,
      4,
    );
    expect(text.split("\n").slice(1)).toEqual(["agent 1  BR!·R", "agent 2   w·B·"]);
  });

  it("says when it was", () => {
    const [scale = ""] = draw([agent()], 24, 72).split("\n");
    expect(scale.match(/\d+ s/g)).toEqual(["0 s", "2 s", "4 s", "6 s", "8 s", "10 s", "12 s", "14 s", "16 s", "18 s", "20 s", "22 s"]);
    expect(scale.indexOf("12 s") - scale.indexOf("0 s")).toBe(36);
  });
});

it.each([
  [["--processes", "1"], '--processes wants a whole number from 2 to 16, not "1".'],
  [["--seconds", "soon"], '--seconds wants a whole number from 1 to 600, not "soon".'],
  [["--ttl", "0"], '--ttl wants a whole number from 1 to 3600, not "0".'],
  [["--ttl", "-5"], "Option '--ttl"],
  [["--speed"], "--speed"],
])("bad arguments are a sentence and status 2: %s", async (given, sentence) => {
  const { status, printed, complaints } = await agents(...given);
  expect(complaints).toContain(sentence);
  expect(complaints.trim().split("\n")).toHaveLength(1);
  expect([printed, status]).toEqual(["", 2]);
});
