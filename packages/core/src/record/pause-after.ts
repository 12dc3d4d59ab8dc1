import type { TokenRequestOutcome } from "../errors/token-request-error.ts";

/** First pause, growth and longest pause after each outcome, in milliseconds. */
const steps: Record<TokenRequestOutcome, { first: number; factor: number; longest: number }> = {
  "not-sent": { first: 100, factor: 4, longest: 60_000 },
  throttled: { first: 1000, factor: 2, longest: 300_000 },
  unknown: { first: 1000, factor: 2, longest: 60_000 },
  refused: { first: 1000, factor: 2, longest: 300_000 },
};

const longestRetryAfter = 3_600_000;

/** Milliseconds of pause after so many failures in a row. Chance adds up to a tenth, so that a fleet does not come back in one moment. */
export function pauseAfter(outcome: TokenRequestOutcome, failures: number, retryAfter: number | undefined, random: number): number {
  const { first, factor, longest } = steps[outcome];
  const grown = Math.min(first * factor ** (failures - 1), longest);
  const asked = retryAfter !== undefined && retryAfter > 0 ? Math.min(retryAfter, longestRetryAfter) : 0;
  return Math.max(grown, asked) * (1 + 0.1 * random);
}
