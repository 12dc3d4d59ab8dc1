import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "../src/errors/tokenflight-error.ts";
import { createFreshness, type FreshnessOptions } from "../src/tokens/freshness.ts";
import { TokenSet } from "../src/tokens/token-set.ts";
import "./fixed-seed.ts";

const day = 86_400;
const issuedAt = Date.UTC(2026, 0, 1);

function tokenOf(seconds: number | undefined): TokenSet {
  return new TokenSet({
    accessToken: "a",
    tokenType: "Bearer",
    issuedAt,
    expiresAt: seconds === undefined ? undefined : issuedAt + seconds * 1000,
  });
}

/** Seconds after issue at which a token of this lifetime is refreshed and is no longer sent. */
function windows(seconds: number | undefined, options: FreshnessOptions = {}, chance = 0): { refreshAt: number; usableUntil: number } {
  const { refreshAt, usableUntil } = createFreshness(options, { random: () => chance })(tokenOf(seconds));
  return { refreshAt: (refreshAt - issuedAt) / 1000, usableUntil: (usableUntil - issuedAt) / 1000 };
}

describe("the default windows", () => {
  it.each([
    [2, 1.5, 1.9],
    [60, 45, 57],
    [600, 450, 570],
    [3600, 3300, 3570],
    [30 * day, 30 * day - 300, 30 * day - 30],
  ])("of a token of %d seconds begin after %d and %d seconds", (lifetime, refreshAt, usableUntil) => {
    expect(windows(lifetime)).toEqual({ refreshAt, usableUntil });
  });

  it("of a token whose lifetime nobody named never begin", () => {
    expect(windows(undefined)).toEqual({ refreshAt: Infinity, usableUntil: Infinity });
  });

  it("of a token that was over when it came begin at once", () => {
    expect(windows(0)).toEqual({ refreshAt: 0, usableUntil: 0 });
    expect(windows(-5)).toEqual({ refreshAt: -5, usableUntil: -5 });
  });

  it("come up to a fifth of the window later by chance, never after the hard expiry", () => {
    expect(windows(3600, {}, 0.5).refreshAt).toBe(3330);
    expect(windows(3600, {}, 0.999_999).refreshAt).toBeCloseTo(3360, 2);
    expect(windows(3600, { ahead: 10, margin: 10 }, 0.999_999).refreshAt).toBe(3590);
  });
});

it("core's README has the windows that there are", () => {
  const page = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  for (const lifetime of [60, 600, 3600, day]) {
    const [earliest, latest] = [windows(lifetime), windows(lifetime, {}, 1)];
    const shown = [lifetime, earliest.refreshAt, latest.refreshAt, earliest.usableUntil].map((one) => one.toLocaleString("en"));
    const line = page.split("\n").find((one) => one.startsWith(`| ${shown[0]} s `));
    const cells = line?.replace(/\(.*?\)/, "").match(/[\d,]+/g);
    expect(cells).toEqual(shown);
  }
});

describe("windows that were set", () => {
  it("hold as they are for a token that is long enough", () => {
    expect(windows(3600, { ahead: 120, margin: 5 })).toEqual({ refreshAt: 3480, usableUntil: 3595 });
    expect(windows(3600, { ahead: 0, margin: 0 })).toEqual({ refreshAt: 3600, usableUntil: 3600 });
    // Nothing is refreshed ahead: the token is not sent any more from the moment on at which that would begin.
    for (const chance of [0, 0.999_999]) expect(windows(3600, { ahead: 0 }, chance)).toEqual({ refreshAt: 3570, usableUntil: 3570 });
  });

  it("never cover more than half a lifetime, so that 11 seconds ahead of a token of 10 seconds cause no loop", () => {
    expect(windows(10, { ahead: 11 })).toEqual({ refreshAt: 5, usableUntil: 9.5 });
    expect(windows(10, { ahead: 11, margin: 11 })).toEqual({ refreshAt: 5, usableUntil: 5 });
  });

  it("give a token a lifetime when its endpoint names none", () => {
    expect(windows(undefined, { defaultLifetime: 60 })).toEqual({ refreshAt: 45, usableUntil: 57 });
    expect(windows(600, { defaultLifetime: 60 })).toEqual({ refreshAt: 450, usableUntil: 570 });
  });
});

it("keeps the moments in order and the first half of every life free of refreshes, whatever was set", () => {
  const seconds = fc.option(fc.double({ min: 0, max: 1e7, noNaN: true }), { nil: undefined });
  const options = fc.record({ ahead: seconds, margin: seconds, defaultLifetime: seconds });
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 30 * day, noNaN: true }),
      options,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (life, given, chance) => {
        const { refreshAt, usableUntil } = windows(life, given, chance);
        expect(refreshAt).toBeLessThanOrEqual(usableUntil);
        expect(usableUntil).toBeLessThanOrEqual(life + 0.001);
        expect(refreshAt).toBeGreaterThanOrEqual(life / 2 - 0.001);
      },
    ),
  );
});

it.each(["ahead", "margin", "defaultLifetime"] as const)("takes %s only in seconds, zero or more", (option) => {
  for (const wrong of [-1, Number.NaN, Infinity, "60", null, true]) {
    expect(() => createFreshness({ [option]: wrong }, { random: () => 0 })).toThrow(InvalidOptionError);
    expect(() => createFreshness({ [option]: wrong }, { random: () => 0 })).toThrow(
      new RegExp(`^freshness\\.${option}: expected a number of seconds, zero or more, got `),
    );
  }
});

it("refuses an option that it does not know", () => {
  expect(() => createFreshness({ aheadSeconds: 5 } as FreshnessOptions, { random: () => 0 })).toThrow(
    "freshness.aheadSeconds: expected one of ahead, margin, defaultLifetime, jwtExpiry, got an unknown option.",
  );
});
