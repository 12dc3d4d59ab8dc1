import type { Sample } from "../measure/sample.ts";

/** How much a run measures. */
export interface Effort {
  /** Interleaved rounds in each process. */
  readonly rounds: number;
  /** Shorter rounds and smaller crowds: shows that everything works, and proves no ratio. */
  readonly quick: boolean;
  /** Whether peers take part, where what they count is told once: in the first of the fresh processes. */
  readonly peers: boolean;
}

/** What runs in a fresh process of its own. */
export interface Part {
  /** The heading of the table that it belongs to. */
  readonly table: string;
  /** What its rows have in common: usually the client. Unique in its table. */
  readonly group: string;
  run(effort: Effort): Promise<Sample[]>;
}

/**
 * A column of a scenario's tables. "value": the median with its smallest and largest; "ratio" and "excess": the same of each round's
 * ratio to the floor and of what it has more; "count": the whole numbers that were seen.
 */
export interface Column {
  readonly title: string;
  readonly measure: string;
  readonly show: "value" | "ratio" | "excess" | "count";
  /** After the decimal point. */
  readonly digits: number;
}

/**
 * What issue 6 asks of our contenders in this scenario. "ratio" and "excess" compare with the floor of the same round, by division and by
 * subtraction; "value" is the measure itself. The median decides about times and sizes; of counts, the largest.
 */
export interface Target {
  readonly what: string;
  /** Which contenders of which tables and groups it is about; all without. */
  readonly applies?: (table: string, group: string, contender: string) => boolean;
  readonly measure: string;
  readonly compare: "ratio" | "excess" | "value";
  readonly decides: "median" | "largest";
  readonly most: number;
  /** A reference that is the floor once more: what the two differ by is chance, and no contender can be held to less. */
  readonly chance?: string;
  /** Why it is missed, for the page, if it is. */
  readonly reason?: string;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** How it is measured and how its table is read, in Markdown. */
  readonly about: string;
  /** Rounds in each process and processes, unless the command line says otherwise. */
  readonly rounds: number;
  readonly processes: number;
  readonly columns: readonly Column[];
  readonly targets: readonly Target[];
  /** npm packages whose versions the result depends on. */
  readonly packages: readonly string[];
  parts(effort: Effort): readonly Part[];
}
