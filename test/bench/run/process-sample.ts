import type { Sample } from "../measure/sample.ts";

/** A sample, and where it comes from. */
export interface ProcessSample extends Sample {
  readonly table: string;
  readonly group: string;
  /** Counts the fresh processes of one part from 0. */
  readonly process: number;
}
