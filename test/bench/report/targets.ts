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
  /** "chance": by no more than the floor differs from itself. */
  readonly missed: false | "chance" | true;
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
  const byChance = measured(target, all.filter(isBeside(target.chance, ours)), all);
  const { median, max } = spreadOf(values);
  const decisive = target.decides === "median" ? median : max;
  const missed = decisive > target.most && (decisive <= spreadOf(byChance).max ? "chance" : true);
  return {
    what: target.what,
    who,
    most: target.most,
    measured: byChance.length === 0 ? show(target, values) : `${show(target, values)}; static beside itself ${show(target, byChance)}`,
    missed,
    ...(missed === true ? { reason: target.reason } : {}),
  };
}

function isBeside(chance: string | undefined, [ours]: readonly ProcessSample[]): (sample: ProcessSample) => boolean {
  return ({ contender, table, group }) => contender === chance && table === ours?.table && group === ours.group;
}

function show({ compare }: Target, values: readonly number[]): string {
  const isCount = compare === "value" && values.every(Number.isInteger);
  return isCount ? showCounts(values) : showSpread(values, compare === "excess" ? 0 : 3);
}

function measured({ compare, measure }: Target, ours: readonly ProcessSample[], all: readonly ProcessSample[]): number[] {
  if (compare === "value") return valuesOf(ours, measure);
  return besideFloor(ours, all, measure, compare === "ratio" ? ratio : excess);
}
