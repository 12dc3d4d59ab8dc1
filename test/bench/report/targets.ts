import { spreadOf } from "../measure/statistics.ts";
import type { ProcessSample } from "../run/process-sample.ts";
import type { ScenarioResult } from "../run/run-scenario.ts";
import type { Scenario, Target } from "../scenarios/scenario.ts";
import { besideFloor, excess, ratio, showCounts, showSpread, valuesOf } from "./compare.ts";

/** A target beside what one of our contenders reached. */
export interface Verdict {
  readonly what: string;
  readonly who: string;
  readonly most: number;
  readonly measured: string;
  readonly met: boolean;
  /** Why it is missed. */
  readonly reason?: string | undefined;
}

/** Every target for every one of our contenders that it is about. */
export function verdictsOf(scenario: Scenario, { samples }: ScenarioResult): Verdict[] {
  return scenario.targets.flatMap((target) => {
    const about = samples.filter(
      ({ role, table, group, contender }) => role === "ours" && (target.applies?.(table, group, contender) ?? true),
    );
    return [...Map.groupBy(about, nameOf)].map(([who, ours]) => verdict(target, who, ours, samples));
  });
}

function nameOf({ group, contender, table }: ProcessSample): string {
  return [group, contender.replace(/^tokenflight(: )?/, ""), group === "" ? table : ""].filter((part) => part !== "").join(", ");
}

function verdict(target: Target, who: string, ours: readonly ProcessSample[], all: readonly ProcessSample[]): Verdict {
  const values = measured(target, ours, all);
  const { median, max } = spreadOf(values);
  const decisive = target.decides === "median" ? median : max;
  const isCount = target.compare === "value" && values.every(Number.isInteger);
  return {
    what: target.what,
    who,
    most: target.most,
    measured: isCount ? showCounts(values) : showSpread(values, target.compare === "excess" ? 0 : 3),
    met: decisive <= target.most,
    ...(decisive <= target.most ? {} : { reason: target.reason }),
  };
}

function measured({ compare, measure }: Target, ours: readonly ProcessSample[], all: readonly ProcessSample[]): number[] {
  if (compare === "value") return valuesOf(ours, measure);
  return besideFloor(ours, all, measure, compare === "ratio" ? ratio : excess);
}
