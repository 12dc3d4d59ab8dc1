/** The floor is what the others of its group are divided by. A reference is neither ours nor anybody's product. */
export type Role = "floor" | "ours" | "peer" | "reference";

/** What takes part in a comparison. */
export interface Contender {
  readonly name: string;
  readonly role: Role;
}

/** Numbers by the name of what they measure; a scenario's columns say in which unit. */
export type Values = Readonly<Record<string, number>>;

/** One contender in one round. */
export interface Sample {
  readonly contender: string;
  readonly role: Role;
  /** Counts from 0. */
  readonly round: number;
  readonly values: Values;
}
