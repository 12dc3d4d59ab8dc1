/** Names all token sources of a simulation. */
export const identity = "the simulated client";

/** What a token source is for; without a purpose, for the first one. */
export interface SourceName {
  readonly subject: string;
  readonly purpose: string | undefined;
}
