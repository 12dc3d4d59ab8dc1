import { spreadOf, type Spread } from "../measure/statistics.ts";
import type { ProcessSample } from "../run/process-sample.ts";

/** A measure of one contender in each round; a round without it is left out. */
export function valuesOf(samples: readonly ProcessSample[], measure: string): number[] {
  return samples.map(({ values }) => values[measure]).filter((value) => value !== undefined);
}

/** Sets each sample beside the floor of the same round of the same process. Rounds without a floor are left out. */
export function besideFloor(
  samples: readonly ProcessSample[],
  all: readonly ProcessSample[],
  measure: string,
  compare: (value: number, floor: number) => number,
): number[] {
  return samples.flatMap((sample) => {
    const floor = all.find(
      ({ role, table, group, process, round }) =>
        role === "floor" && table === sample.table && group === sample.group && process === sample.process && round === sample.round,
    );
    const [value, least] = [sample.values[measure], floor?.values[measure]];
    return value === undefined || least === undefined ? [] : [compare(value, least)];
  });
}

export function ratio(value: number, floor: number): number {
  return value / floor;
}

export function excess(value: number, floor: number): number {
  return value - floor;
}

/** "1.02 (0.98–1.10)", or "1 (−2 to 3)"; nothing to show is a dash. */
export function showSpread(values: readonly number[], digits: number): string {
  if (values.length === 0) return "–";
  const { median, min, max } = spreadOf(values);
  const show = (value: number): string => number(value, digits);
  const to = min < 0 ? " to " : "–";
  return values.length === 1 ? show(median) : `${show(median)} (${show(min)}${to}${show(max)})`;
}

/** "1", or "1–3" when rounds differ. */
export function showCounts(values: readonly number[]): string {
  if (values.length === 0) return "–";
  const { min, max }: Spread = spreadOf(values);
  return min === max ? number(min, 0) : `${number(min, 0)}–${number(max, 0)}`;
}

/** With a true minus, and none before a zero. */
function number(value: number, digits: number): string {
  const shown = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" });
  return shown.replace("-", "−");
}
